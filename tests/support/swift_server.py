#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A whole OpenStack Swift on loopback whose proxy speaks S3 (s3api), with one replica and no system service.

  swift_server.py [--folder FOLDER]

Prints the URL of the proxy, an access key and its secret key once it takes requests, and serves until stdin ends.
It needs Debian's swift-proxy, swift-account, swift-container and swift-object, and a file system with extended
attributes of users. Source of the settings: Swift 2.30 as it behaves.
"""

import getpass
import http.client
import os

from daemons import find_port, serve

ACCESS_KEY, SECRET_KEY = "test:tester", "testing"  # of TempAuth: account and user, and the password
STORES = ("account", "container", "object")

COMMON = """
[swift-hash]
swift_hash_path_suffix = test
[storage-policy:0]
name = one
default = yes
"""

STORE = """
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
workers = 0
user = {user}
swift_dir = {folder}
devices = {folder}/devices
mount_check = false
disable_fallocate = true
fallocate_reserve = 0
log_level = WARNING
[pipeline:main]
pipeline = healthcheck {store}-server
[filter:healthcheck]
use = egg:swift#healthcheck
[app:{store}-server]
use = egg:swift#{store}
"""

PROXY = """
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
workers = 0
user = {user}
swift_dir = {folder}
log_level = WARNING
[pipeline:main]
pipeline = catch_errors gatekeeper healthcheck cache listing_formats bulk s3api tempauth copy slo proxy-server
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:healthcheck]
use = egg:swift#healthcheck
# Nobody listens there: it is to give up at once, and for good.
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:1
error_suppression_limit = 1
error_suppression_interval = 100000
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:bulk]
use = egg:swift#bulk
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
max_upload_part_num = 10000
auth_pipeline_check = false
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin
[filter:copy]
use = egg:swift#copy
[filter:slo]
use = egg:swift#slo
max_manifest_segments = 10000
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
# The only replica is slow on a busy machine, and never to be given up.
conn_timeout = 30
node_timeout = 60
error_suppression_limit = 1000000
"""


def write(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def is_ready(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/healthcheck")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def start_swift(processes, folder, _options):
    """Returns the URL of the proxy, and the two keys."""
    user, ports = getpass.getuser(), {}
    os.makedirs(os.path.join(folder, "devices", "one"))
    write(os.path.join(folder, "swift.conf"), COMMON)
    for server in (*STORES, "proxy"):
        while (port := find_port()) in ports.values():
            pass
        ports[server] = port
    for store in STORES:
        ring = os.path.join(folder, store + ".builder")
        processes.run("swift-ring-builder", ring, "create", "4", "1", "1")
        processes.run("swift-ring-builder", ring, "add", "--region", "1", "--zone", "1", "--ip", "127.0.0.1", "--port",
                      str(ports[store]), "--device", "one", "--weight", "1")
        processes.run("swift-ring-builder", ring, "rebalance")
        configuration = os.path.join(folder, store + "-server.conf")
        write(configuration, STORE.format(port=ports[store], user=user, folder=folder, store=store))
        processes.start(f"swift-{store}-server", configuration)
    configuration = os.path.join(folder, "proxy-server.conf")
    write(configuration, PROXY.format(port=ports["proxy"], user=user, folder=folder))
    processes.start("swift-proxy-server", configuration)
    for port in ports.values():  # each of them answers that
        while not is_ready(port):
            processes.wait(timeout_s=0.05)
    return f"http://127.0.0.1:{ports['proxy']} {ACCESS_KEY} {SECRET_KEY}"


if __name__ == "__main__":
    serve("regctl-swift.", start_swift)
