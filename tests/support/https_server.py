# SPDX-License-Identifier: LGPL-2.1-or-later
"""A server of the tests on loopback, with TLS or without."""
import http.server
import threading


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass

    # In the thread of the connection, as a client may never shake hands.
    def finish_request(self, request, client):
        if self.context:
            request = self.context.wrap_socket(request, server_side=True)
        super().finish_request(request, client)
        if self.context:
            request.close()


def serve(handler, context, **attributes):
    """In a thread. Returns its port. The handler finds the attributes in self.server."""
    server = Server(("127.0.0.1", 0), handler)
    server.context = context
    for name, value in attributes.items():
        setattr(server, name, value)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]
