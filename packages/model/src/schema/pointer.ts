/**
 * Parts of a JSON value by their address (RFC 6901), as `$ref` of a schema writes it: `#/$defs/item`.
 */
import { Option, Predicate } from "effect"

const decoded = (text: string): string =>
  Option.getOrElse(Option.liftThrowable(decodeURIComponent)(text), () => text)
    .replaceAll("~1", "/")
    .replaceAll("~0", "~")

/** The part at an address of the value, or nothing. */
export const pointerTo = (root: unknown, reference: string): unknown =>
  reference
    .replace(/^#\/?/, "")
    .split("/")
    .filter((part) => part !== "")
    .map(decoded)
    .reduce<unknown>(
      (value, part) =>
        Predicate.isObjectOrArray(value) && Object.hasOwn(value, part) ? Reflect.get(value, part) : undefined,
      root
    )
