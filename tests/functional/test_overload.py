#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Registries that cannot keep up: fewer requests at a time, pauses for all, and no standstill."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import FaultServer, TestCase, main, make_archive  # noqa: E402

JOBS = 16
PAUSE_S = 1


class Overload(TestCase):
    def setUp(self):
        super().setUp()
        self.server = self.start(FaultServer)
        self.image = f"{self.server.host}/team/app:1.0"
        self.layers = make_archive(self.path("app.tar"), [f"layer {n}" for n in range(JOBS)])
        self.ok("push", "app.tar", self.image)
        self.seen = len(self.server.log("GET", "/layer"))

    def layer_gets(self):
        return self.server.log("GET", "/layer")[self.seen:]

    def test_a_burst_of_refusals_halves_the_requests_at_a_time(self):
        everybody = {"method": "GET", "path": "/layer$", "times": JOBS, "gather": JOBS}
        self.server.control({**everybody, "action": "status", "status": 429})
        self.server.control({"method": "GET", "path": "/layer$", "action": "slow", "rate": 4000})
        self.ok("pull", "-j", str(JOBS), self.image, "out.tar")
        gets = self.layer_gets()
        refused = [r for r in gets if r["status"] == 429]
        served = [r for r in gets if r["status"] == 200]
        self.assertEqual((len(refused), len(served)), (JOBS, JOBS))
        self.assertEqual(max(r["in_flight"] for r in refused), JOBS)
        # 8, and one more after 8 good answers. The server sees the end of a request a little later.
        self.assertLessEqual(max(r["in_flight"] for r in served), 12)
        self.assertGreater(max(r["in_flight"] for r in served), 3)

    def test_retry_after_of_one_request_pauses_the_others(self):
        one = {"method": "GET", "path": "/layer$", "times": 1}
        self.server.control({**one, "action": "status", "status": 503, "retry_after": PAUSE_S})
        self.server.control({**one, "action": "slow", "rate": 2000})  # still there when the pause begins
        self.ok("pull", "-j", "2", self.image, "out.tar")
        gets = self.layer_gets()
        refused = next(r for r in gets if r["status"] == 503)
        others = sorted(r["arrived"] - refused["arrived"] for r in gets if r is not refused)
        self.assertEqual(len(others), JOBS)
        self.assertGreaterEqual(others[1], PAUSE_S)

    def test_requests_that_write_a_repositorys_index_go_one_at_a_time(self):
        tags = [f"1.{number}" for number in range(10)]
        for tag, layer in zip(tags, self.layers):
            self.ok("tag", "--id", layer.id, f"{self.server.host}/team/app:{tag}")
        other = self.start(FaultServer, "--standalone", "False")
        other.control({"method": "PUT", "path": "/layer$", "times": 2, "gather": 2, "action": "headers"})
        other.control({"method": "PUT", "path": "/v1/repositories/", "action": "late", "seconds": 0.02})
        self.ok("mirror", "-j", "8", f"{self.server.host}/team/app", other.host)
        writes = sorted((r["arrived"], r["answered"]) for r in other.log("PUT") if "/v1/repositories/" in r["path"])
        self.assertGreaterEqual(len(writes), 3 * len(tags))
        for (_, answered), (arrived, _) in zip(writes, writes[1:]):
            self.assertGreater(arrived, answered)

    def test_requests_within_requests_do_not_wait_for_themselves(self):
        """Each layer is a PUT whose body is a GET. Both hosts allow one request at a time and ask for new tokens."""
        hosts = [self.start(FaultServer, "--auth", "token", "--standalone", "False", "--user", "bob:secret")
                 for _ in range(2)]
        places = [f"{server.host}/team/app:1.0" for server in hosts]
        environment = {"REGCTL_USERNAME": "bob", "REGCTL_PASSWORD": "secret"}
        self.ok("push", "app.tar", places[0], env=environment)
        for server, method in zip(hosts, ("GET", "PUT")):
            for status, times in ((503, 8), (401, 2), (503, 8)):  # a third 401 would be an answer
                server.control({"method": method, "path": "/layer$", "times": times, "action": "status",
                                "status": status})
        self.ok("copy", "-j", "8", "--retry", "9", *places, env=environment)
        self.assertEqual(len([r for r in hosts[1].log("PUT", "/layer") if r["status"] == 200]), JOBS)


if __name__ == "__main__":
    main()
