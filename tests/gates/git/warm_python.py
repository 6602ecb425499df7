"""Stands for the interpreter in a hook under test: has the command run by the process that has imported everything.

Called as `warm_python.py ADDRESS -P -c PROGRAM ARGUMENTS…`, it gives away its standard streams and ends as the command ends.
"""

import json
import os
import signal
import socket
import sys

if __name__ == "__main__":
    address, _, _, program, *arguments = sys.argv[1:]
    request = {
        "arguments": arguments,
        "folder": os.getcwd(),  # noqa: PTH109
        "environment": dict(os.environ),
        "program": program,
    }
    raw = json.dumps(request).encode()
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(address)
        socket.send_fds(line, [f"{len(raw):08}".encode() + raw[:1024]], [0, 1, 2])
        line.sendall(raw[1024:])
        answers = line.makefile("rb")
        process = int(answers.readline())
        try:
            code = os.waitstatus_to_exitcode(int(answers.readline()))
        except BaseException:
            os.kill(process, signal.SIGKILL)
            raise
    if code < 0:
        os.kill(os.getpid(), -code)
    sys.exit(code)
