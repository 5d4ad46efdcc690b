#!/usr/bin/env python3
"""Kills tcpippatch, fails its system calls, fills its disks: nothing is ever torn or lost.

    reliability.py PART BUILD_DIR

PART is one of
    kill     kill -9 at moments that nobody chose, each followed by recover
    inject   every system call fails, or is the last one (strace); memory runs out
    disk     full and read-only disks, permissions lost between plan and change (as root)
    wine     the Windows program is killed under Wine, in the midst of its work

The variable TCPIPWATCH_ROUNDS, 1 by default, asks for more: 200 kills a round; from 2 on every
single system call. Exit status 77: skipped, since this machine does not allow it.
"""
import json
import os
import pathlib
import pty
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROUNDS = max(1, int(os.environ.get("TCPIPWATCH_ROUNDS") or 1))
SKIPPED = 77
DONE, FAILED, REFUSED, INTERRUPTED = 0, 1, 3, 4
PLACES = ("ServicePackFiles/i386", "system32/dllcache", "system32/drivers")
MODES = (0o644, 0o640, 0o444)
SET = ("set", "--limit", "100", "--yes")
RESTORE = ("restore", "--yes")
RECOVER = ("recover",)


def keep_figures(**figures):
    """For reliability_summary.py, where the test command asks for it."""
    path = os.environ.get("TCPIPWATCH_FIGURES")
    if path:
        lines = [f"{name} {value}\n" for name, value in figures.items()]
        pathlib.Path(path).write_text("".join(lines), encoding="ascii")


def skip(why):
    print(f"skipped: {why}")
    keep_figures(skipped=1)
    return SKIPPED


class Scene:
    """A Windows directory with three copies, and a data directory."""

    def __init__(self, build, folder):
        self.runner = []
        self.patch = folder / "tcpippatch" # where every user may run it
        self.windows = (build / "tcpippatch.exe").exists()
        if self.windows:
            self.runner = ["sh", str(pathlib.Path(__file__).parent / "wine_run.sh")]
            self.patch = self.patch.with_suffix(".exe")
        shutil.copy(build / self.patch.name, self.patch)
        self.folder = folder
        self.root = folder / "windows"
        self.data = folder / "data"
        self.original = self.image(build, "old.sys")
        self.old = self.original
        self.new = self.image(build, "new.sys", "--limit", "100")
        self.points = self.kills = self.problems = 0
        self.torn = self.lost = self.left = self.crashes = 0

    def image(self, build, name, *options):
        maker = next(p for p in build.glob("tests/**/make_image*")
                     if p.suffix in ("", ".exe") and p.is_file())
        subprocess.run([*self.runner, maker, *options, name], cwd=self.folder, check=True)
        return (self.folder / name).read_bytes()

    def lay_out(self, content):
        """All copies `content`, each with a mode and a time of its own; the data directory stays."""
        for place, mode in zip(PLACES, MODES):
            path = self.root / place / "tcpip.sys"
            path.parent.mkdir(parents=True, exist_ok=True)
            for other in path.parent.iterdir():
                other.unlink()
            path.write_bytes(content)
            path.chmod(mode)
            os.utime(path, (10**9, 10**9 + mode))

    def command(self, command):
        return [*self.runner, str(self.patch), *command, "--root", str(self.root), "--data",
                str(self.data)]

    def run(self, command):
        return subprocess.run(self.command(command), stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)

    def problem(self, kind, what, text):
        setattr(self, kind, getattr(self, kind) + 1)
        print(f"FAILED: {what}: {text}")

    # ---- what has to hold ----

    def copies(self, what):
        """The copies as a text, o for old and n for new: "oon". Tells of any other."""
        found = ""
        for place, mode in zip(PLACES, MODES):
            path = self.root / place / "tcpip.sys"
            if not path.exists():
                self.problem("lost", what, f"{place}/tcpip.sys is gone")
                continue
            content = path.read_bytes()
            stat = path.stat()
            if content not in (self.old, self.new):
                self.problem("torn", what, f"{place}/tcpip.sys is neither the old nor the new file")
            if stat.st_mtime != 10**9 + mode or (stat.st_mode & 0o7777 != mode and not self.windows):
                self.problem("problems", what, f"{place}/tcpip.sys has lost its mode or time")
            found += "o" if content == self.old else "n"
        for path in self.data.glob("originals/*.sys"):
            if path.read_bytes() != self.original:
                self.problem("torn", what, f"{path.name} is not the original")
        return found

    def check_clean(self, what):
        for path in [*self.root.rglob("*"), *self.data.rglob("*")]:
            if path.is_file() and not (path.name in ("tcpip.sys", "audit.jsonl") or
                                       re.search(r"/originals/[^/]*\.sys(\.txt)?$", str(path))):
                self.problem("left", what, f"{path.name} is left behind")

    def check_audit(self, what):
        """Every line that begins is whole, but for those that were torn, which stand alone."""
        log = self.data / "audit.jsonl"
        for line in log.read_text().splitlines() if log.exists() else []:
            try:
                json.loads(line)
            except ValueError:
                if line.count('{"time"') > 1:
                    self.problem("torn", what, "two lines of the audit log are one")

    def check_answer(self, what, result, saved_needed, may_interrupt):
        """What the program says is what is on the disk."""
        found = self.copies(what)
        wanted = {DONE: "nnn", FAILED: "ooo", REFUSED: "ooo"}.get(result.returncode)
        if wanted is None and not (result.returncode == INTERRUPTED and may_interrupt):
            self.problem("problems", what, f"status {result.returncode}: {result.stdout}")
        if wanted is not None:
            if found != wanted:
                self.problem("problems", what, f"status {result.returncode}, but the copies are "
                             f"{found}: {result.stdout}")
            self.check_clean(what)
        if saved_needed and "n" in found and not list(self.data.glob("originals/*.sys")):
            self.problem("lost", what, "the original is not saved")

    def check_recovery(self, what):
        self.copies(what)
        result = self.run(RECOVER)
        found = self.copies(what)
        if result.returncode != DONE or found not in ("ooo", "nnn"):
            self.problem("problems", what, f"recover gave status {result.returncode}, the copies "
                         f"are {found}: {result.stdout}")
        self.check_clean(what)
        self.check_audit(what)
        again = self.run(RECOVER)
        if again.returncode != DONE or "No interrupted work was found." not in again.stdout:
            self.problem("problems", what, f"recover finds more to do: {again.stdout}")

    def finish(self, what):
        print(f"{what}: {self.points} points of failure, {self.kills} kills; torn {self.torn}, lost "
              f"{self.lost}, left behind {self.left}, otherwise wrong {self.problems}")
        keep_figures(points=self.points, kills=self.kills, torn=self.torn, lost=self.lost,
                     left=self.left, wrong=self.problems, crashes=self.crashes)
        wrong = self.torn + self.lost + self.left + self.problems
        return 1 if wrong or not self.points + self.kills else 0


# ---- kill: moments that nobody chose ----

def start(scene, command):
    return subprocess.Popen(scene.command(command), stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def kill_after(scene, command, longest):
    process = start(scene, command)
    time.sleep(random.random() * longest)
    process.kill()
    process.wait()
    return process.returncode == -signal.SIGKILL


def measure(scene, command):
    begun = time.monotonic()
    start(scene, command).wait()
    return time.monotonic() - begun


def part_kill(scene):
    seed = random.randrange(2**32)
    random.seed(seed)
    scene.lay_out(scene.old)
    longest = {SET: measure(scene, SET), RESTORE: measure(scene, RESTORE)}
    end = time.monotonic() + 150 * ROUNDS
    while scene.kills < 200 * ROUNDS and time.monotonic() < end:
        command = random.choice((SET, RESTORE))
        scene.lay_out(scene.old if command == SET else scene.new)
        if random.random() < 0.3:
            shutil.rmtree(scene.data, ignore_errors=True)
        what = f"kill {scene.kills} of {command[0]} (seed {seed})"
        if not kill_after(scene, command, longest[command] * 1.05):
            continue
        scene.kills += 1
        while random.random() < 0.3:
            scene.kills += kill_after(scene, RECOVER, longest[command] / 2)
        scene.check_recovery(what)
    return scene.finish("kill -9")


# ---- inject: each system call ----

ERRORS = {
    "write": "ENOSPC", "pread64": "EIO", "openat": "EACCES", "fsync": "EIO", "rename": "EACCES",
    "close": "EIO", "fchmod": "EPERM", "fchown": "EPERM", "unlink": "EACCES", "mkdir": "ENOSPC",
    "flock": "EINTR", "newfstatat": "EIO", "getdents64": "EIO", "utimensat": "EPERM",
    "flistxattr": "EIO", "fgetxattr": "EIO", "fsetxattr": "ENOSPC",
    "readlink": "EIO", "getcwd": "ENOMEM",
}
# Calls that change nothing, and are many.
MANY = ("pread64", "close", "newfstatat", "getdents64", "fgetxattr", "flock")
# The process can as well die at the next of these.
CHANGES = ("write", "openat", "fsync", "rename", "unlink", "mkdir", "fchmod", "utimensat")


def trace(scene, command, call, action, number):
    """Runs it with one call injected. The result, or None when there is no such call any more."""
    log = scene.folder / "strace.log"
    result = subprocess.run(
        ["strace", "-f", "-q", "-o", str(log), "-e", f"trace={call}",
         "-e", f"inject={call}:{action}:when={number}", *scene.command(command)],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        check=False)
    hit = "(INJECTED)" in log.read_text() or "killed by SIGKILL" in log.read_text()
    return result if hit else None


def snapshot(scene, name):
    """The state of the root and the data directory, to be laid out again."""
    kept = scene.folder / name
    for part in ("windows", "data"):
        if (scene.folder / part).exists():
            shutil.copytree(scene.folder / part, kept / part)
    return kept


def lay_out_again(scene, kept):
    for part in ("windows", "data"):
        shutil.rmtree(scene.folder / part, ignore_errors=True)
        if (kept / part).exists():
            shutil.copytree(kept / part, scene.folder / part)


def starts(scene):
    """Name, command and snapshot of each operation that is injected into."""
    scene.lay_out(scene.old)
    yield "set", SET, snapshot(scene, "before-set")
    if scene.run(SET).returncode != DONE:
        sys.exit("the first set failed")
    scene.old, scene.new = scene.new, scene.old
    yield "restore", RESTORE, snapshot(scene, "before-restore")
    scene.old, scene.new = scene.new, scene.old
    renames = 0
    while True:
        renames += 1
        lay_out_again(scene, scene.folder / "before-set")
        if trace(scene, SET, "rename", "signal=KILL", renames) is None:
            break
        if any(scene.data.glob("roots/*/journal")):
            yield f"recover {renames}", RECOVER, snapshot(scene, f"before-recover-{renames}")


def inject(scene, name, command, kept, call, action, step):
    number = 1
    while True:
        lay_out_again(scene, kept)
        result = trace(scene, command, call, action, number)
        if result is None:
            return
        what = f"{name}, {call} number {number}, {action}"
        killed = result.returncode in (-signal.SIGKILL, 128 + signal.SIGKILL)
        scene.points += 1
        scene.kills += killed
        if killed:
            scene.copies(what)
        elif "error while loading shared libraries" in result.stdout:
            if scene.copies(what) not in ("ooo", "nnn") and command != RECOVER:
                scene.problem("problems", what, "a program that was not loaded has done something")
        elif command == RECOVER:
            if result.returncode == DONE and scene.copies(what) not in ("ooo", "nnn"):
                scene.problem("problems", what, "status 0, and not all alike")
        else:
            # A journal that cannot be removed is interrupted work, though all else is done; a
            # close that does not close leaves locks behind.
            scene.check_answer(what, result, command == SET, call in ("unlink", "close"))
        scene.check_recovery(what)
        number += step


def run_with_memory(command, size):
    """Runs it with so many KiB of address space."""
    limit = (size * 1024, size * 1024)
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.STDOUT, check=False,
                          preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, limit))


def starve(scene, name, command, kept):
    """The command with ever more memory, from what the program needs to be loaded at all."""
    size = 1024
    while run_with_memory([scene.patch, "--version"], size).returncode != 0:
        size += 32
    result = None
    while size < 65536:
        lay_out_again(scene, kept)
        result = run_with_memory(scene.command(command), size)
        what = f"{name}, with {size} KiB of memory"
        if result.returncode == DONE:
            break
        scene.points += 1
        if command != RECOVER:
            scene.check_answer(what, result, command == SET, True)
        scene.check_recovery(what)
        size += 32 if ROUNDS > 1 else 96
    if result is None or result.returncode != DONE:
        scene.problem("problems", name, "is not done with any amount of memory")


def part_inject(scene):
    if shutil.which("strace") is None:
        return skip("there is no strace here")
    scene.lay_out(scene.old)
    probe = subprocess.run(["strace", "-f", "-o", "/dev/null", "true"], stderr=subprocess.PIPE,
                           text=True, check=False)
    if probe.returncode != 0:
        return skip(f"no program may be traced here: {probe.stderr.strip()}")
    for name, command, kept in starts(scene):
        recovery = command == RECOVER
        for call, error in ERRORS.items():
            many = call in MANY
            step = 1 if ROUNDS > 1 else (7 if many else 2) * (2 if recovery else 1)
            inject(scene, name, command, kept, call, f"error={error}", step)
            if call in CHANGES:
                step = 1 if ROUNDS > 1 else 2 if not recovery else 5
                inject(scene, name, command, kept, call, "signal=KILL", step)
        starve(scene, name, command, kept)
    return scene.finish("failing system calls")


# ---- disk: full, read-only, forbidden ----

def mount_tmpfs(path, size):
    path.mkdir(exist_ok=True)
    return subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}k,mode=700", "none", path],
                          check=False, stderr=subprocess.DEVNULL).returncode == 0


def unmount(path):
    subprocess.run(["umount", "-l", path], check=False, stderr=subprocess.DEVNULL)


def fill_up(folder, leave):
    """Fills the file system of a folder up to `leave` KiB."""
    free = os.statvfs(folder)
    size = free.f_bavail * free.f_frsize - leave * 1024
    if size > 0:
        (folder / "filler").write_bytes(b"\0" * size)


def on_full_disk(scene, which, leave):
    """The root or the data directory on a disk with so many KiB left."""
    path = getattr(scene, which)
    shutil.rmtree(path, ignore_errors=True)
    if not mount_tmpfs(path, 8192):
        return False
    try:
        scene.lay_out(scene.old)
        fill_up(path, leave)
        what = f"{which} with {leave} KiB left"
        result = scene.run(SET)
        scene.points += 1
        if (path / "filler").exists():
            (path / "filler").unlink()
        scene.check_answer(what, result, True, False)
        scene.check_recovery(what)
        if scene.run(SET).returncode != DONE or scene.copies(what) != "nnn":
            scene.problem("problems", what, "set fails when there is room again")
    finally:
        unmount(path)
    return True


def on_read_only_disk(scene, which):
    path = getattr(scene, which)
    shutil.rmtree(path, ignore_errors=True)
    if not mount_tmpfs(path, 8192):
        return
    try:
        scene.lay_out(scene.old)
        subprocess.run(["mount", "-o", "remount,ro", path], check=True)
        what = f"{which} on a read-only disk"
        result = scene.run(SET)
        scene.points += 1
        if result.returncode != FAILED or "read-only" not in result.stdout:
            scene.problem("problems", what, f"status {result.returncode}: {result.stdout}")
        scene.check_answer(what, result, True, False)
        subprocess.run(["mount", "-o", "remount,rw", path], check=True)
        scene.check_recovery(what)
    finally:
        unmount(path)


def chown_all(folder, user):
    for path in [folder, *folder.rglob("*")]:
        os.chown(path, user, user)


def with_permission_lost(scene, where, mode):
    """As another user: the plan is made, then a directory is closed, then yes is said."""
    nobody = 65534
    scene.lay_out(scene.old)
    shutil.rmtree(scene.data, ignore_errors=True)
    scene.data.mkdir(mode=0o700)
    chown_all(scene.root, nobody)
    chown_all(scene.data, nobody)
    what = f"{where} closed after the plan"
    process, terminal = pty.fork()
    if process == 0:
        command = scene.command(SET)
        command.remove("--yes")
        os.execvp("setpriv", ["setpriv", "--reuid", str(nobody), "--regid", str(nobody),
                              "--clear-groups", *command])
    text = b""
    while b"? " not in text:
        text += os.read(terminal, 4096)
    closed = scene.folder / where
    before = closed.stat().st_mode
    os.chown(closed, 0, 0)
    closed.chmod(mode)
    os.write(terminal, b"y\n")
    try:
        while part := os.read(terminal, 4096):
            text += part
    except OSError:
        pass
    status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    os.close(terminal)
    scene.points += 1
    result = subprocess.CompletedProcess([], status, text.decode(errors="replace"))
    if status == DONE:
        scene.problem("problems", what, result.stdout)
    closed.chmod(before)
    os.chown(closed, nobody, nobody)
    scene.check_answer(what, result, True, False)
    chown_all(scene.root, 0)
    chown_all(scene.data, 0)
    scene.check_recovery(what)


def part_disk(scene):
    if os.geteuid() != 0 or not mount_tmpfs(scene.folder / "try", 64):
        return skip("only root, where it may mount, can fill a disk")
    unmount(scene.folder / "try")
    image = len(scene.old) // 1024
    steps = 16 if ROUNDS == 1 else 16 * ROUNDS
    for which, most in (("root", 3.2 * image), ("data", 1.2 * image)):
        for i in range(steps):
            on_full_disk(scene, which, int(most * i / (steps - 1)) // 4 * 4)
        on_read_only_disk(scene, which)
    for where in ("windows/ServicePackFiles/i386", "windows/system32/drivers", "data"):
        for mode in (0o555, 0o000, 0o711):
            with_permission_lost(scene, where, mode)
    return scene.finish("disks")


# ---- wine: the same program for Windows ----

def is_at_work(scene, sign):
    return any(scene.root.rglob(sign)) or any(scene.data.rglob(sign))


def part_wine(scene):
    """A Windows program takes long to start, so that the moment is chosen by a sign of its work."""
    signs = ("originals", "*.sys.txt", "*.sys.new", "journal", "*.tcpipwatch-new")
    end = time.monotonic() + 30 * ROUNDS
    rounds = 0
    while time.monotonic() < end:
        command = (SET, RESTORE)[rounds % 2]
        rounds += 1
        scene.lay_out(scene.old if command == SET else scene.new)
        if command == SET:
            shutil.rmtree(scene.data, ignore_errors=True)
        sign = random.choice(signs if command == SET else signs[3:])
        what = f"{command[0]} killed at the sight of {sign}"
        process = subprocess.Popen(scene.command(command), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                   start_new_session=True)
        while process.poll() is None and not is_at_work(scene, sign):
            pass
        time.sleep(random.random() * 0.02)
        running = process.poll() is None
        os.killpg(process.pid, signal.SIGKILL) if running else None
        process.wait()
        scene.kills += running
        time.sleep(0.2) # until Wine has closed what the program had open
        scene.check_recovery(what)
    return scene.finish("kill -9 under Wine")


def main():
    parts = {"kill": part_kill, "inject": part_inject, "disk": part_disk, "wine": part_wine}
    if len(sys.argv) != 3 or sys.argv[1] not in parts:
        sys.exit(__doc__)
    if os.environ.get("TCPIPWATCH_FIGURES"):
        pathlib.Path(os.environ["TCPIPWATCH_FIGURES"]).unlink(missing_ok=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="tcpipwatch-test."))
    folder.chmod(0o711)
    build = pathlib.Path(sys.argv[2]).resolve()
    try:
        return parts[sys.argv[1]](Scene(build, folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
