# Runs ministack until standard input ends, which it does together with the process that holds its other end, however
# that process ends. Functions that ministack has started run in its process group and end with it; its files lie in a
# folder of their own, which goes too.
import os
import shutil
import signal
import sys
import tempfile
import threading

folder = tempfile.mkdtemp(prefix="millrace-emulator-")
os.environ["TMPDIR"] = tempfile.tempdir = folder
os.environ["STATE_DIR"] = os.path.join(folder, "state")
os.environ["S3_DATA_DIR"] = os.path.join(folder, "s3")


def end_with_parent():
    while os.read(0, 4096):
        pass
    shutil.rmtree(folder, ignore_errors=True)
    os.killpg(0, signal.SIGKILL)


if os.getpgrp() != os.getpid():
    os.setpgid(0, 0)
threading.Thread(target=end_with_parent, daemon=True).start()
sys.argv = ["ministack"]

from ministack.app import main  # noqa: E402

try:
    main()
finally:
    shutil.rmtree(folder, ignore_errors=True)
