"""A backend in another language than the gateway's: says what it was sent, and remembers what came in.

Tests ask it directly, at /~seen. Everything else is answered with what was asked, or as the path says.
"""

import base64
import hashlib
import json
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

seen = []
lock = threading.Lock()


class Backend(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # The head and the body of an answer must not wait for each other's acknowledgement.
    disable_nagle_algorithm = True
    wbufsize = 0

    def log_message(self, *_):
        pass

    def serve(self):
        if self.path == "/~seen":
            with lock:
                return self.answer({"seen": seen})
        record = {
            "method": self.command,
            # As it came: what http.server makes of it has no two slashes in front.
            "target": self.requestline.split(" ")[1],
            "headers": [[name, value] for name, value in self.headers.items()],
            "connection": self.client_address[1],
            "received": 0,
            "complete": False,
        }
        with lock:
            seen.append(record)
        path = urlsplit(self.path).path
        if path == "/early":
            self.answer({"early": True}, 413, close=True)
            # What is still coming must not undo the answer.
            self.connection.shutdown(socket.SHUT_WR)
            while self.rfile.read1(65536):
                pass
            return None
        if path == "/hasty":
            # Not before some of the body is there; what is left unread must not undo the answer.
            record["received"] = len(self.rfile.read1(65536))
            self.answer({"hasty": True}, close=True)
            time.sleep(0.2)
            return None
        if path == "/eager":
            self.answer({"eager": True})
        hashed = hashlib.sha256()
        try:
            for piece in self.body():
                hashed.update(piece)
                record["received"] += len(piece)
                if path == "/slow-reader":
                    time.sleep(0.003)
        except (EOFError, ConnectionError):
            self.close_connection = True
            return
        record["complete"] = True
        record["sha256"] = hashed.hexdigest()
        said = self.headers.get("X-Countersign-Body")
        digest = base64.b64encode(hashed.digest()).decode()
        record["fits"] = record["received"] == 0 if said == "none" else said == f"sha-256=:{digest}:"
        self.answer_as_asked(path, record)

    def answer_as_asked(self, path, record):
        if path == "/eager":
            return None
        asked = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        if path == "/close":
            self.close_connection = True
            return None
        if path == "/silence":
            time.sleep(float(asked["seconds"]))
        if path == "/drip":
            return self.drip(record, int(asked["pieces"]), float(asked.get("seconds", 0)), int(asked.get("size", 8)))
        if path == "/torn":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b"torn")
            self.close_connection = True
            return None
        if path == "/status":
            return self.answer(record, int(asked["code"]))
        if path == "/raw":
            self.wfile.write(base64.b64decode(asked["answer"]))
            self.close_connection = True
            return None
        return self.answer(record)

    def body(self):
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            while True:
                size = int(self.line(), 16)
                if size == 0:
                    self.line()
                    return
                yield from self.pieces(size)
                self.line()
        yield from self.pieces(int(self.headers.get("Content-Length") or 0))

    def line(self):
        line = self.rfile.readline()
        if not line.endswith(b"\r\n"):
            raise EOFError
        return line.strip()

    def pieces(self, size):
        while size > 0:
            piece = self.rfile.read1(min(size, 65536))
            if not piece:
                raise EOFError
            size -= len(piece)
            yield piece

    def answer(self, told, status=200, close=False):
        text = json.dumps(told).encode()
        bodiless = status in (204, 304)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Set-Cookie", "a=1")
        self.send_header("Set-Cookie", "b=2")
        self.send_header("Connection", "X-Hop, close" if close else "X-Hop")
        self.send_header("X-Hop", "from the backend")
        if not bodiless:
            self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        if not bodiless and self.command != "HEAD":
            self.wfile.write(text)
        self.close_connection = close

    def drip(self, record, pieces, seconds, size):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        if "coding=" in self.path:
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        try:
            for _ in range(pieces):
                self.wfile.write(b"%x\r\n%s\r\n" % (size, b"x" * size))
                time.sleep(seconds)
            self.wfile.write(b"0\r\n\r\n")
        except ConnectionError:
            self.close_connection = True
            record["hungUp"] = True

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = serve


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        # Callers that hang up are what is tested.
        pass


server = Server(("127.0.0.1", 0), Backend)
print(server.server_address[1], flush=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
# Ends with the test that started it.
sys.stdin.read()
