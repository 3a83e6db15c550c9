#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# mymachines run: its caller sees and treats the command as if it had started the command itself.
. "${SRCDIR:?run this by make check}/tests/integration/lib.sh"
need_root
own_dev
ulimit -c 0

# Each case does the same to a command, with and without run, and returns what its caller sees.
cat >"$TMPDIR/caller.py" <<'P'
import ctypes, os, pty, signal, subprocess, sys

libc = ctypes.CDLL(None)
READY = ["sh", "-c", "echo ready; exec sleep 1000"]

def start(command, before=lambda: None):
    # As many seconds as wait_until waits. Then the command is killed, too.
    signal.alarm(60)
    def prepare():
        libc.prctl(1, signal.SIGKILL)
        before()
    return subprocess.Popen(prefix + command, stdout=subprocess.PIPE, text=True, preexec_fn=prepare,
                            restore_signals=False)

def end(pid):
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

def pid():
    process = start(["sh", "-c", "echo $$ $PPID"])
    return process.communicate()[0] == f"{process.pid} {os.getpid()}\n"

def group():
    numbers = signal.SIGRTMIN, signal.SIGUSR1
    process = start(["python3", "-c", """
import signal
print("ready", flush=True)
signal.sigwaitinfo([signal.SIGRTMIN])
print("first", flush=True)
signal.sigwaitinfo([signal.SIGUSR1])
# These are queued.
count = 1
while signal.sigtimedwait([signal.SIGRTMIN], 0.5): count += 1
print(count)
"""], lambda: (os.setpgid(0, 0), signal.pthread_sigmask(signal.SIG_BLOCK, numbers)))
    process.stdout.readline()
    os.killpg(process.pid, signal.SIGRTMIN)
    process.stdout.readline()
    os.kill(process.pid, signal.SIGUSR1)
    return process.communicate()[0].strip()

def timer():
    return start(["sleep", "1000"], lambda: signal.alarm(1)).wait()

def stop():
    process = start(["sh", "-c", "kill -STOP $$; exit 5"])
    stopped = os.WIFSTOPPED(os.waitpid(process.pid, os.WUNTRACED)[1])
    os.kill(process.pid, signal.SIGCONT)
    return stopped, end(process.pid)

def stopped_from_outside():
    # SIGTSTP stops no process of an orphaned group.
    process = start(READY, lambda: (os.setpgid(0, 0), signal.signal(signal.SIGTSTP, signal.SIG_DFL)))
    process.stdout.readline()
    os.kill(process.pid, signal.SIGTSTP)
    stopped = os.WSTOPSIG(os.waitpid(process.pid, os.WUNTRACED)[1])
    os.kill(process.pid, signal.SIGCONT)
    os.kill(process.pid, signal.SIGTERM)
    return stopped, end(process.pid)

def hangup():
    signal.alarm(60)
    pid, terminal = pty.fork()
    if pid == 0:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        os.execvp((prefix + READY)[0], prefix + READY)
    os.read(terminal, 100)
    os.close(terminal)
    return end(pid)

def death_signal():
    return start(["python3", "-c", """
import ctypes
number = ctypes.c_int()
ctypes.CDLL(None).prctl(2, ctypes.byref(number))
print(number.value)
"""]).communicate()[0].strip()

def sender():
    number = signal.SIGRTMIN + 3
    process = start(["python3", "-c", """
import signal, sys
got = signal.sigwaitinfo([int(sys.argv[1])])
print(got.si_pid == int(sys.argv[2]), got.si_code)
""", str(number), str(os.getpid())], lambda: signal.pthread_sigmask(signal.SIG_BLOCK, [number]))
    libc.sigqueue(process.pid, number, ctypes.c_void_p(7))
    return process.communicate()[0].strip()

def pending_child():
    text = start(["cat", "/proc/self/status"],
                 lambda: signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])).communicate()[0]
    return [line for line in text.splitlines() if "Pnd" in line]

def deaths():
    result = []
    for name in ("ABRT BUS FPE HUP ILL IO PIPE PROF PWR QUIT SEGV STKFLT SYS TERM TRAP USR1 VTALRM XCPU "
                 "XFSZ").split():
        number = getattr(signal, "SIG" + name)
        process = start(READY, lambda: signal.signal(number, signal.SIG_DFL))
        process.stdout.readline()
        os.kill(process.pid, number)
        result.append((process.wait() == -number, process.stdout.read()))
    return set(result)

def closed():
    result = []
    for fds in (0,), (1,), (2,), (0, 1, 2):
        pid = os.fork()
        if pid == 0:
            for fd in fds:
                os.close(fd)
            command = prefix + ["sh", "-c", """
                s=0; for fd in 0 1 2; do [ -e /proc/$$/fd/$fd ] || s=$((s | 1 << fd)); done; exit $s"""]
            os.execvp(command[0], command)
        result.append(end(pid))
    return result

case, prefix = sys.argv[1], sys.argv[2:]
print(globals()[case]())
P

# same CASE RESULT NAME
same() {
    is "$(python3 "$TMPDIR/caller.py" "$1" 2>&1)" "$2" "without run: $3"
    is "$(python3 "$TMPDIR/caller.py" "$1" mymachines run web1 -- 2>/dev/null)" "$2" "$3"
}

same pid True "the command has the pid and the parent that run had"
same group 1 "a signal to the process group reaches the command once"
same timer -14 "a timer that was set before ends the command"
same stop "(True, 5)" "a command that stops itself is seen to stop, and continues"
same stopped_from_outside "(20, -15)" "a command that is stopped by its pid is seen to stop, and continues"
same hangup -1 "the hang-up of a terminal ends the command that leads the session"
same death_signal 9 "the command gets the signal of its parent's death"
same sender "True -1" "a queued signal keeps its sender and its code"
same pending_child "['SigPnd:\\t0000000000000000', 'ShdPnd:\\t0000000000000000']" "no signal of ours is left for the command"
same deaths "{(True, '')}" "each signal that ends a process ends the command, and nothing is left of it"
same closed "[1, 2, 4, 7]" "standard descriptors that are closed are closed for the command"
done_testing
