"""A mail server that takes every letter and keeps none: `python -m bench.sink PORT` says `ready` when it listens.

With `links` behind the port it then says the link to confirm in each letter that has one; with `times`, when each came,
in milliseconds, and to whom; else nobody need listen.
"""

import socket
import sys
import time
from threading import Thread

ANSWERS = {
    b"EHLO": b"250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n",
    b"DATA": b"354 go on\r\n",
    b"QUIT": b"221 bye\r\n",
}
LINK = b"/confirm/"
SOFT_BREAK = b"=\r\n"  # of quoted-printable (RFC 2045, 6.7)


def listen(port: int, tells: str) -> None:
    with socket.create_server(("127.0.0.1", port)) as server:
        print("ready", flush=True)
        while True:
            Thread(target=converse, args=[server.accept()[0], tells], daemon=True).start()


def converse(connection: socket.socket, tells: str) -> None:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    recipient = ""
    with connection, connection.makefile("rb") as lines:
        connection.sendall(b"220 sink\r\n")
        for line in lines:
            verb = line[:4].strip().upper()
            connection.sendall(ANSWERS.get(verb, b"250 ok\r\n"))
            if verb == b"RCPT":
                recipient = line.decode().partition("<")[2].partition(">")[0]
            if verb == b"QUIT":
                return
            if verb == b"DATA":
                while (text := lines.readline()) not in (b".\r\n", b""):
                    while text.endswith(SOFT_BREAK):
                        text = text.removesuffix(SOFT_BREAK) + lines.readline()
                    if tells == "links" and text.startswith(b"http") and LINK in text:
                        print((LINK + text.partition(LINK)[2]).decode().strip(), flush=True)
                if tells == "times":
                    print(time.perf_counter() * 1000, recipient, flush=True)
                connection.sendall(b"250 taken\r\n")


if __name__ == "__main__":
    listen(int(sys.argv[1]), sys.argv[2] if sys.argv[2:] else "nothing")
