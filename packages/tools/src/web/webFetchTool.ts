/**
 * WebFetch: a page of the web as Markdown.
 */
import { Effect, Schema } from "effect"
import { builtIn } from "../BuiltIn.ts"
import { headOf } from "../result.ts"
import type { UrlOptions } from "../ToolsOptions.ts"
import { fetchPage, type Page } from "./fetchPage.ts"
import { htmlToMarkdown } from "./htmlToMarkdown.ts"
import type { UrlPolicy } from "./UrlPolicy.ts"
import type { WebAccess } from "./WebAccess.ts"

const Input = Schema.Struct({
  url: Schema.String.annotate({ description: "A complete address with http or https." }),
  prompt: Schema.optionalKey(
    Schema.String.annotate({ description: "What you want to know. The page is given as it is; look for it there." })
  ),
  max_length: Schema.optionalKey(
    Schema.Int.check(Schema.isGreaterThan(0)).annotate({ description: "Characters to show at most; 50000 by default." })
  ),
  offset: Schema.optionalKey(
    Schema.Int.check(Schema.isGreaterThanOrEqualTo(0)).annotate({ description: "Characters to pass over." })
  )
})

const defaultLength = 50_000

const isHtml = ({ contentType, text }: Page): boolean =>
  /^(?:text\/html|application\/xhtml)/.test(contentType) || (contentType === "" && /^\s*<(?:!doctype|html)/i.test(text))

/** Makes the tool. */
export const webFetchTool = (
  options: UrlOptions,
  policy: UrlPolicy,
  web: WebAccess["Service"],
  maxCharacters: number
) =>
  builtIn({
    name: "WebFetch",
    description: "Fetches a public page of the web and shows it as Markdown. Redirects are followed where they may be.",
    input: Input,
    annotations: { title: "Fetch a page", readOnlyHint: true, openWorldHint: true },
    run: Effect.fnUntraced(function* ({ max_length = defaultLength, offset = 0, url }) {
      const page = yield* fetchPage(url, options, policy, web)
      // Room for the notes, so that what they say is true after the result was cut to its length.
      const wanted = Math.max(1, Math.min(max_length, maxCharacters - 500))
      const whole = isHtml(page) ? yield* htmlToMarkdown(page.text, page.url, offset + wanted) : page.text
      const shown = headOf(whole.slice(offset), wanted)
      const end = offset + shown.length
      const notes = [
        ...(page.url.href === URL.parse(url)?.href ? [] : [`[Found at ${page.url.href}]`]),
        ...(end < whole.length ? [`[There is more. Continue with offset ${end}.]`] : []),
        ...(page.isCut ? [`[Only the first ${options.maxBytes} bytes were read.]`] : [])
      ]
      return {
        text: [shown, ...notes].join("\n"),
        data: {
          url: page.url.href,
          content_type: page.contentType,
          text: shown,
          ...(end < whole.length ? { next_offset: end } : {}),
          is_cut: page.isCut
        }
      }
    })
  })
