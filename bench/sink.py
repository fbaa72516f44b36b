"""A mail server that takes every letter and keeps none: `python -m bench.sink PORT` says `ready` when it listens."""

import socket
import sys
from threading import Thread

ANSWERS = {
    b"EHLO": b"250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n",
    b"DATA": b"354 go on\r\n",
    b"QUIT": b"221 bye\r\n",
}


def listen(port: int) -> None:
    with socket.create_server(("127.0.0.1", port)) as server:
        print("ready", flush=True)
        while True:
            Thread(target=converse, args=[server.accept()[0]], daemon=True).start()


def converse(connection: socket.socket) -> None:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with connection, connection.makefile("rb") as lines:
        connection.sendall(b"220 sink\r\n")
        for line in lines:
            verb = line[:4].strip().upper()
            connection.sendall(ANSWERS.get(verb, b"250 ok\r\n"))
            if verb == b"QUIT":
                return
            if verb == b"DATA":
                while lines.readline() not in (b".\r\n", b""):
                    pass
                connection.sendall(b"250 taken\r\n")


if __name__ == "__main__":
    listen(int(sys.argv[1]))
