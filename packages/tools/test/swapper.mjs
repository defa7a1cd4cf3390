// Puts a link in the place of a folder, and back, as fast as it can: `node swapper.mjs FOLDER`. Says when it has begun.
import { renameSync, rmSync } from "node:fs"
import { join } from "node:path"

const folder = process.argv[2] ?? ""
const [swap, real, link] = ["swap", "parked", "link"].map((name) => join(folder, name))
// While nothing stands there, somebody may make a folder of that name: it makes way.
const move = (from, to) => {
  for (;;) {
    try {
      return renameSync(from, to)
    } catch {
      try {
        rmSync(to, { recursive: true, force: true })
      } catch {
        // Something was put into it meanwhile: once more.
      }
    }
  }
}
const turn = () => {
  move(swap, real)
  move(link, swap)
  move(swap, link)
  move(real, swap)
}
turn()
process.stdout.write("begun\n")
// Ends with whoever started it, and lets a signal through now and then.
process.stdin.on("end", () => process.exit(0)).resume()
const turns = () => {
  for (let index = 0; index < 1000; index++) turn()
  setImmediate(turns)
}
turns()
