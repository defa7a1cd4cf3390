/**
 * Where on this computer the programs of the table keep their servers. Only names are made here; nothing is read.
 */
import type { ForeignFormat, System } from "./ForeignFormat.ts"
import { foreignFormats } from "./formats.ts"

/** What surrounds a person's files: given by the app. */
export interface ForeignPlaces {
  readonly system: System
  readonly home: string
  /** The folder of the project. */
  readonly directory: string
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** One file that may be there. */
export interface ForeignFile {
  readonly format: ForeignFormat
  readonly file: string
  /** Whether it belongs to the person, or to the project. */
  readonly scope: "user" | "project"
}

const isAbsolute = (path: string | undefined): path is string => path !== undefined && /^(\/|[A-Za-z]:[\\/])/.test(path)

/** The folder for settings of a Linux user (XDG Base Directory Specification: a relative path counts as unset). */
const settingsFolder = ({ environment, home }: ForeignPlaces): string => {
  const named = environment["XDG_CONFIG_HOME"]
  return isAbsolute(named) ? named : `${home}/.config`
}

const roamingFolder = ({ environment, home }: ForeignPlaces): string => {
  const named = environment["APPDATA"]
  return isAbsolute(named) ? named : `${home}\\AppData\\Roaming`
}

const expand = (place: string, around: ForeignPlaces): string =>
  place
    .replace(/^~/, () => around.home)
    .replace(/^\$CONFIG/, () => settingsFolder(around))
    .replace(/^%APPDATA%/, () => roamingFolder(around))

const inProject = (place: string, { directory, system }: ForeignPlaces): string =>
  system === "win32" ? `${directory}\\${place.replaceAll("/", "\\")}` : `${directory}/${place}`

/** Every file of every format, those of the person first; `only` names the formats that are wanted. */
export const foreignFiles = (around: ForeignPlaces, only?: ReadonlyArray<string>): ReadonlyArray<ForeignFile> => {
  const wanted = foreignFormats.filter(({ name }) => only === undefined || only.includes(name))
  return [
    ...wanted.flatMap((format) =>
      format.places.user[around.system].map((place): ForeignFile => ({
        format,
        file: expand(place, around),
        scope: "user"
      }))
    ),
    ...wanted.flatMap((format) =>
      format.places.project.map((place): ForeignFile => ({ format, file: inProject(place, around), scope: "project" }))
    )
  ]
}
