#!/usr/bin/env python3
"""Set casewright up in this folder and run it: `python3 run.py demo`, `python3 run.py test`.

The first start makes an environment in `.venv` (or, where this folder may not be written, in the user's cache) and
installs what `pyproject.toml` names; later ones only start. Needs Python and its standard library, nothing else. It
is written so that Python 2.7 can read it: who has an old Python gets a sentence, not a syntax error.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager

ROOT = os.path.dirname(os.path.abspath(__file__))
OLDEST, NEWEST = (3, 11), (3, 14)
GROUPS = {"demo": [], "test": ["dev"], "setup": ["dev"]}  # what each task needs beside the package itself
USAGE = "say `python3 run.py demo` (a day at the desk, played), `test` (the tests) or `setup` (only prepare)"
HELP = """\
python3 run.py demo    play a day at the desk; what follows goes to `casewright demo`, such as --lang zh
python3 run.py test    run the tests; what follows goes to pytest, such as tests/unit -q
python3 run.py setup   only prepare the environment

The first start makes an environment in `.venv` and installs what casewright needs; later ones only start.
Afterwards `. .venv/bin/activate` puts the command `casewright` on the PATH of this shell.
"""
AGAIN = "then run the same command again"
UNREACHABLE = re.compile(
    "NewConnectionError|NameResolutionError|Temporary failure in name resolution|Name or service not known|getaddrinfo"
    "|Network is unreachable|No route to host|Connection refused|[Tt]imed? ?out|ConnectTimeout|ProxyError|dns error"
    "|error sending request|Failed to fetch|Could not resolve"
)


class Trouble(Exception):
    """What ends the run, told in one sentence."""


def main(arguments):
    """Run one task; return its exit code."""
    if arguments and arguments[0] in ("-h", "--help", "help"):
        sys.stdout.write(HELP)
        return 0
    if not arguments or arguments[0] not in GROUPS:
        tell(USAGE)
        return 2
    try:
        if not OLDEST <= sys.version_info[:2] <= NEWEST:
            return subprocess.call([fitting_python(), os.path.abspath(__file__)] + list(arguments))
        if arguments[0] == "test":
            refuse_other_folders(list(arguments[1:]))
        home = prepared(GROUPS[arguments[0]])
        return start(home, arguments[0], list(arguments[1:]))
    except Trouble as trouble:
        tell(trouble)
        return 1
    except KeyboardInterrupt:
        return 130


def tell(sentence):
    """Say one thing to whoever started this; standard output belongs to the task."""
    sys.stderr.write("casewright: %s\n" % sentence)
    sys.stderr.flush()


# ---------------------------------------------------------------- which Python


def fitting_python():
    """Return the newest Python on the path that casewright runs on; this one is too old or too new."""
    names = ["python3.%d" % minor for minor in range(NEWEST[1], OLDEST[1] - 1, -1)] + ["python3", "python"]
    for name in names:
        for folder in os.environ.get("PATH", "").split(os.pathsep):
            path = os.path.join(folder, name + (".exe" if os.name == "nt" else ""))
            if os.path.exists(path) and is_fitting(path):
                return path
    raise Trouble(
        "this is Python %d.%d, and casewright needs %d.%d to %d.%d, of which none is on the PATH: install one, %s"
        % (tuple(sys.version_info[:2]) + OLDEST + NEWEST + (AGAIN,))
    )


def is_fitting(path):
    """Whether this program really is such a Python: a name alone may be a launcher of something else."""
    question = "import sys; sys.exit(not %r <= tuple(sys.version_info[:2]) <= %r)" % (OLDEST, NEWEST)
    return succeeds([path, "-c", question])


# ---------------------------------------------------------------- the environment


def prepared(groups):
    """Return the folder of an environment that holds casewright and these groups, made now if need be."""
    home = usual = os.path.join(ROOT, ".venv")
    if is_ready(home, groups):
        return home
    if not may_write(usual):
        home = os.path.join(cache_folder(), "venv")
    with locked():
        if not is_ready(home, groups):
            build(home, groups)
    return home


def may_write(folder):
    """Whether this folder of the checkout can be made or changed: not someone else's, nor on a read-only disk."""
    return os.access(ROOT, os.W_OK) and (not os.path.exists(folder) or os.access(folder, os.W_OK))


def cache_folder():
    """Return a folder of the user's own for this checkout; of the system's temporary ones if they have no home."""
    name = "casewright-" + hashlib.sha256(ROOT.encode("utf-8")).hexdigest()[:12]
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    for folder in (os.path.join(base, name), os.path.join(tempfile.gettempdir(), "%s-%s" % (name, user()))):
        try:
            os.makedirs(folder, mode=0o700, exist_ok=True)
        except OSError:
            continue
        if os.access(folder, os.W_OK) and (os.name == "nt" or os.stat(folder).st_uid == user()):
            return folder
    raise Trouble("no folder to write to for the environment: make %s or your home writable, %s" % (ROOT, AGAIN))


def user():
    """Return a number for who runs this."""
    return os.geteuid() if hasattr(os, "geteuid") else 0


@contextmanager
def locked():
    """Let one start at a time make the environment. (Windows goes without.)"""
    with open(os.path.join(ROOT, "pyproject.toml"), "rb") as file:
        try:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
        except (ImportError, OSError):
            pass
        yield


def project():
    """Return pyproject.toml, read."""
    import tomllib

    with open(os.path.join(ROOT, "pyproject.toml"), "rb") as file:
        return tomllib.load(file)


def fingerprint():
    """Return what an environment depends on, as a hash: another value means that it must be made anew."""
    told = project()
    parts = [told["build-system"], told["project"], told["dependency-groups"], told["tool"]["hatch"]]
    text = json.dumps([parts, ROOT, list(sys.version_info[:2]), sys.platform], sort_keys=True)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def stamp(home):
    """Return the name of the file written last when an environment is made: its fingerprint and groups."""
    return os.path.join(home, "casewright.stamp")


def is_ready(home, groups):
    """Whether the environment is whole, up to date and holds these groups."""
    try:
        with open(stamp(home)) as file:
            mark, held = json.load(file)
    except (OSError, ValueError):
        return False
    return mark == fingerprint() and set(groups) <= set(held) and os.path.exists(tool(home, "python"))


def build(home, groups):
    """Make the environment, or add to it what is missing; the stamp comes last, so a killed one starts anew."""
    if not is_ready(home, []):
        tell("setting up %s with Python %d.%d, once; this takes about a minute" % ((home,) + sys.version_info[:2]))
        remove(home)
        make(home)
    else:
        tell("adding to %s what `test` needs, once" % home)
    install(home, groups)
    with open(stamp(home) + ".new", "w") as file:
        json.dump([fingerprint(), groups], file)
    os.replace(stamp(home) + ".new", stamp(home))


def remove(home):
    """Take away what stands there: an old environment, or half of one."""
    try:
        if os.path.islink(home) or os.path.isfile(home):
            os.remove(home)
        elif os.path.exists(home):
            shutil.rmtree(home)
    except OSError as error:
        raise Trouble("cannot replace the old environment (%s): remove %s by hand, %s" % (error, home, AGAIN))


# ---------------------------------------------------------------- with what is there


def make(home):
    """Make an empty environment with the first way that works here."""
    for way in (with_ensurepip, with_uv, with_virtualenv, with_pip, with_apt):
        if way(home) and is_fitting(tool(home, "python")):
            return
        remove(home)
    raise Trouble(
        "this Python cannot make an environment (it has no `ensurepip`, and there is no uv, virtualenv or pip): "
        "install python%d.%d-venv or uv, %s" % (sys.version_info[:2] + (AGAIN,))
    )


def with_ensurepip(home):
    """Python's own way; Debian and some others leave `ensurepip` out."""
    return succeeds([sys.executable, "-c", "import ensurepip"]) and succeeds([sys.executable, "-m", "venv", home])


def with_uv(home):
    """Use uv, if it is installed."""
    uv = shutil.which("uv")
    return uv is not None and succeeds([uv, "venv", "--python", sys.executable, home])


def with_virtualenv(home):
    """Use virtualenv, as a command or as a module of this Python."""
    command = shutil.which("virtualenv")
    ways = [[command, "-p", sys.executable, home]] if command else []
    ways.append([sys.executable, "-m", "virtualenv", home])
    return any(succeeds(way) for way in ways)


def with_pip(home):
    """Use the pip of this Python from outside on an environment without one."""
    return succeeds([sys.executable, "-m", "pip", "--python", sys.executable, "--version"]) and succeeds(
        [sys.executable, "-m", "venv", "--without-pip", home]
    )


def with_apt(home):
    """As root on Debian and its kin, install what they leave out."""
    if not shutil.which("apt-get") or not hasattr(os, "geteuid") or os.geteuid() != 0:
        return False
    package = "python%d.%d-venv" % sys.version_info[:2]
    tell("installing Debian's %s, which makes environments" % package)
    get = ["apt-get", "-q", "-y", "-o", "Dpkg::Use-Pty=0"]
    succeeds(get + ["update"])
    succeeds(get + ["install", "--no-install-recommends", package])
    return succeeds([sys.executable, "-m", "venv", home])


def install(home, groups):
    """Install the package from this folder, so that a change to it counts at once, and the groups' packages."""
    log = os.path.join(home, "setup.log")
    command = installer(home) + ["-e", "."] + [name for group in groups for name in members(group)]
    with open(log, "w") as file:
        code = subprocess.call(command, cwd=ROOT, env=quiet(), stdin=subprocess.DEVNULL, stdout=file, stderr=file)
    if code:
        with open(log, errors="replace") as file:
            raise Trouble(reason(file.read(), log))


def installer(home):
    """Return the command that installs into this environment."""
    python = tool(home, "python")
    if succeeds([python, "-m", "pip", "--version"]):
        return [python, "-m", "pip", "install"]
    if shutil.which("uv"):
        return [shutil.which("uv"), "pip", "install", "--python", python]
    return [sys.executable, "-m", "pip", "--python", python, "install"]


def members(group):
    """Return what a dependency group names, the groups it includes too (pip knows groups only since 25.1)."""
    names = []
    for member in project()["dependency-groups"][group]:
        names += [member] if isinstance(member, str) else members(member["include-group"])
    return names


def reason(log, path):
    """Say in one sentence why installing failed."""
    if "No space left on device" in log:
        return "the disk is full: free about 300 MB, %s" % AGAIN
    if UNREACHABLE.search(log):
        return "the package index cannot be reached (%s): connect to the network or set PIP_INDEX_URL, %s" % (
            path,
            AGAIN,
        )
    errors = re.findall(r"^\s*((?:ERROR|error|\w+Error): (?!metadata-gen|subprocess-ex).*)", log, re.MULTILINE)
    last = errors[-1].strip() if errors else "no reason given"
    return "the packages could not be installed (%s): see %s, mend it, %s" % (last, path, AGAIN)


def quiet():
    """Return the environment variables for tools: nobody is asked, nothing goes elsewhere than where we say."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    for name in ("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_QUIET", "VIRTUAL_ENV", "UV_PROJECT_ENVIRONMENT"):
        kept.pop(name, None)
    kept.update(PIP_USER="0", PIP_NO_INPUT="1", PIP_DISABLE_PIP_VERSION_CHECK="1", PIP_ROOT_USER_ACTION="ignore")
    kept.update(DEBIAN_FRONTEND="noninteractive", PIP_REQUIRE_VIRTUALENV="0")
    kept.setdefault("PIP_RETRIES", "2")
    return kept


def succeeds(command):
    """Whether a command ends well; what it prints does not matter."""
    with open(os.devnull, "r+b") as nothing:
        try:
            return subprocess.call(command, env=quiet(), stdin=nothing, stdout=nothing, stderr=nothing) == 0
        except OSError:
            return False


# ---------------------------------------------------------------- the task


def tool(home, name):
    """Return the path of a program of the environment."""
    if os.name == "nt":
        return os.path.join(home, "Scripts", name + ".exe")
    return os.path.join(home, "bin", name)


def activation(home):
    """Return the command that puts the environment's programs on the PATH."""
    relative = os.path.relpath(home)
    folder = home if relative.startswith("..") else relative
    if os.name == "nt":
        return os.path.join(folder, "Scripts", "activate")
    return ". " + os.path.join(folder, "bin", "activate")


def start(home, task, more):
    """Become the task."""
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONHOME", "PYTHONPATH")}
    if task == "setup":
        return 0
    if task == "demo":
        code = subprocess.call([tool(home, "casewright"), "demo"] + more, env=environment)
        if code == 0 and not shutil.which("casewright"):
            tell("`%s` puts casewright on the PATH of this shell" % activation(home))
        return code
    os.chdir(ROOT)
    # Every test, on every core; a choice of them starts faster on one.
    command = [tool(home, "python"), "-m", "pytest"] + (more or ["-n", "auto", "--maxprocesses", "4"])
    if not may_write(os.path.join(ROOT, ".pytest_cache")):
        caches = cache_folder()
        command += ["-o", "cache_dir=" + os.path.join(caches, "pytest")]
        environment["HYPOTHESIS_STORAGE_DIRECTORY"] = os.path.join(caches, "hypothesis")
    return become(command, environment)


def refuse_other_folders(arguments):
    """The tests are those of this folder; what is looked through for tests elsewhere may be a whole disk."""
    for before, folder in zip([""] + arguments, arguments, strict=False):
        meant = os.path.realpath(os.path.join(ROOT, folder))
        inside = (meant + os.sep).startswith(os.path.realpath(ROOT) + os.sep)
        if os.path.isdir(meant) and not inside and not before.startswith("-"):
            raise Trouble("`%s` is not in %s, whose tests these are: say such as `test tests/unit`" % (folder, ROOT))


def become(command, environment):
    """Go on as this program; Windows knows only to start it and wait."""
    if os.name == "nt":
        return subprocess.call(command, env=environment)
    return os.execve(command[0], command, environment)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
