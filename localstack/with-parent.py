# Runs ministack until standard input ends, which it does together with the process that holds its other end, however
# that process ends. Functions that ministack has started run in its process group and end with it.
import os
import signal
import sys
import threading


def end_with_parent():
    while os.read(0, 4096):
        pass
    os.killpg(0, signal.SIGKILL)


if os.getpgrp() != os.getpid():
    os.setpgid(0, 0)
threading.Thread(target=end_with_parent, daemon=True).start()
sys.argv = ["ministack"]

from ministack.app import main  # noqa: E402

main()
