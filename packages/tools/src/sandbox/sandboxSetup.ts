/**
 * What the first process of a sandbox does where there is no bubblewrap: it makes a root of its own in memory, puts into
 * it what is seen, moves there, and lets go of all else. Any step that fails ends it before the program has begun.
 */

/** Said before an error of its own, so that it is not taken for one of the command. */
export const setupMark = "signalbox sandbox: "

/**
 * A script for Bash. Its arguments: user, group, working folder, three words for each place that is seen (use, path, target of a
 * link), `--`, and the program. It runs as root of a user namespace; its PATH is not that of the program.
 */
export const sandboxSetup = String.raw`
fail() { echo "${setupMark}$1" >&2; exit 125; }
trap 'fail "it could not be set up (line $LINENO)"' ERR
set -eE
user=$1 group=$2 folder=$3
shift 3
path=$PATH
PATH=/usr/sbin:/usr/bin:/sbin:/bin
root=/sys
# Binds a folder or file to look at. Options that the machine has set there must stay, or the kernel refuses; what is
# mounted below it is to be looked at only, too.
look() {
  local -a mounts
  local line number parent device inner place options rest option flags found=
  mount -o rbind,ro "$1" "$2" 2> /dev/null || true
  mapfile -t mounts < /proc/self/mountinfo
  for line in "${"$"}{mounts[@]}"; do
    read -r number parent device inner place options rest <<< "$line"
    printf -v place %b "$place"
    if [ "$place" != "$2" ] && [ "${"$"}{place#"$2"/}" = "$place" ]; then continue; fi
    found=1
    case ,$options, in *,ro,*) continue;; esac
    flags=remount,bind,ro
    for option in ${"$"}{options//,/ }; do
      case $option in nosuid|nodev|noexec|noatime|nodiratime|relatime) flags=$flags,$option;; esac
    done
    mount -o "$flags" "$place"
  done
  [ -n "$found" ]
}
mount -t tmpfs -o mode=755,nosuid,nodev sandbox "$root"
mkdir "$root/proc" "$root/dev" "$root/dev/shm" "$root/tmp" "$root/run" "$root/var" "$root/.outside"
ln -s ../tmp "$root/var/tmp"
mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
# What is about the whole machine and not about processes: root of the machine may write there without any capability.
for name in bus fs irq sys sysrq-trigger; do
  if [ -e "$root/proc/$name" ]; then
    look "$root/proc/$name" "$root/proc/$name"
  fi
done
for name in null zero full random urandom; do
  : > "$root/dev/$name"
  mount --bind "/dev/$name" "$root/dev/$name"
done
ln -s /proc/self/fd "$root/dev/fd"
ln -s /proc/self/fd/0 "$root/dev/stdin"
ln -s /proc/self/fd/1 "$root/dev/stdout"
ln -s /proc/self/fd/2 "$root/dev/stderr"
for name in dev/shm tmp; do mount -t tmpfs -o mode=1777,nosuid,nodev sandbox "$root/$name"; done
while [ "$1" != -- ]; do
  use=$1 place=$2 target=$3
  shift 3
  case $use in
    look)
      # A file stands in a folder that is there already.
      if [ ! -e "$root$place" ]; then mkdir -p "$root$place"; fi
      look "$place" "$root$place";;
    change)
      mkdir -p "$root$place"
      mount --rbind "$place" "$root$place";;
    link)
      mkdir -p "$root${"$"}{place%/*}"
      ln -s "$target" "$root$place";;
    coverFolder) mount -t tmpfs -o ro,mode=755,nosuid,nodev sandbox "$root$place";;
    coverFile) mount --bind /dev/null "$root$place";;
  esac
done
shift
if command -v ip > /dev/null; then ip link set lo up 2> /dev/null || true; fi
cd "$root"
pivot_root . .outside
umount -l /.outside
rmdir /.outside
mount -o remount,bind,ro,nosuid,nodev /
cd "$folder"
trap - ERR
set +eE
unshare=$(command -v unshare)
PATH=$path
"$unshare" --user --map-user="$user" --map-group="$group" -- "$@"
exit $?
`
