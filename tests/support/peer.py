# SPDX-License-Identifier: Apache-2.0
"""How a server that plays a part in a test starts and ends."""

import os
import sys
import threading


def serve_for_parent(server, port_file=None):
    """Writes the server's port into the file, whole at once, and serves until whoever started us is gone."""
    if port_file:
        with open(port_file + ".new", "w", encoding="utf-8") as file:
            file.write(str(server.server_address[1]))
        os.rename(port_file + ".new", port_file)
    # Whoever started us holds the other end of stdin: when it goes, we go.
    threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
    server.serve_forever()
