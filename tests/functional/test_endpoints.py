#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""X-Docker-Endpoints: the hosts that a registry names for its images, including dead ones."""

import os
import re
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import FaultServer, PATIENCE_S, TestCase, main, make_archive, wait_for  # noqa: E402
from middleman import Middleman, Spoil, Spoiled  # noqa: E402

SECRET = "hunter2-and-more"
ENVIRONMENT = {"REGCTL_USERNAME": "bob", "REGCTL_PASSWORD": SECRET}
MOST_REQUESTS = 14  # at an endpoint, for a pull or a push of two images
DEAD = "which is of no use any more"


class MortalEndpoint(Middleman):
    """An endpoint that shares its images with `server`. It answers `life` requests and then dies: the next request
    takes effect without a whole answer (or, without `takes_last`, has no effect), and later connections are refused."""

    def __init__(self, server, life, takes_last=True):
        self.asked = []
        self.authorizations = set()
        self.life, self.takes_last = life, takes_last
        super().__init__(server)

    def revive(self):
        """Answers again from now on, without limit."""
        self.life = sys.maxsize
        self.start_at(int(self.host.rsplit(":", 1)[1]))

    def choose(self, request):
        self.asked.append(f"{request.method} {request.path}")
        self.authorizations.add(request.headers.get("Authorization"))
        if len(self.asked) <= self.life:
            return None
        if len(self.asked) == self.life + 1:
            self.stop()
            if self.takes_last:
                return Spoil(cut_answer=0.9 if request.path.endswith("/layer") else 0)
        raise Spoiled


class Endpoints(TestCase):
    def setUp(self):
        super().setUp()
        make_archive(self.path("app.tar"), ["a", "b"], 50_000)
        self.ok("copy", "app.tar", "v1-storage:tree:team/app:1.0")
        self.storage = ["--storage", self.path("tree")]
        self.images = self.start(FaultServer, *self.storage)

    def start_index(self, *endpoints, words=(), **options):
        index = self.start(FaultServer, "--standalone", "False", "--auth", "basic", "--user", f"bob:{SECRET}",
                           "--endpoints", ",".join(endpoint.host for endpoint in endpoints), *words, **options)
        index.image = f"{index.host}/team/app:1.0"
        return index

    def start_mortal(self, server, *words, **options):
        endpoint = MortalEndpoint(server, *words, **options)
        self.addCleanup(endpoint.stop)
        return endpoint

    def run_without_password_for(self, endpoints, *words):
        """Runs a command that must succeed with few attempts at the dead endpoint."""
        result = self.ok(*words, "--retry", "1", "-j", "1", env=ENVIRONMENT)
        for endpoint in endpoints:
            for authorization in endpoint.authorizations:
                self.assertTrue((authorization or "Token ").startswith("Token "), authorization)
        return result

    def images_of(self, archive):
        """An archive without the registry's name."""
        return re.sub(rb"127\.0\.0\.1:\d+", b"", self.read(archive))

    def test_unreachable_endpoints_are_noted_and_passed_over(self):
        with socket.socket() as nobody:
            nobody.bind(("127.0.0.1", 0))
            gone = f"127.0.0.1:{nobody.getsockname()[1]}"
            for kinds in ("gone, here", "gone,down", "down,no host,here"):
                with self.subTest(kinds):
                    here = self.start(FaultServer)
                    down = self.start(FaultServer, faults=[{"path": "", "action": "status", "status": 502}])
                    named = kinds.replace("gone", gone).replace("down", down.host).replace("here", here.host)
                    index = self.start(FaultServer, "--standalone", "False", "--endpoints", named)
                    result = self.ok("push", "--retry", "0", "app.tar", f"{index.host}/team/app:1.0")
                    self.assertEqual(result.err.count("which is of no use"), 1 if "here" in kinds else 2)
                    self.assertIn(f"X-Docker-Endpoints of http://{index.host} names http://", result.err)
                    asked = here if "here" in kinds else index
                    self.assertEqual(len(asked.log("PUT", "/layer")), 2)

    def test_a_pull_goes_on_at_the_next_endpoint_wherever_the_first_dies(self):
        second = self.start_mortal(self.images, 1000)
        for life in range(MOST_REQUESTS // 2 + 1):
            with self.subTest(life):
                first = self.start_mortal(self.images, life)
                index = self.start_index(first, second, words=self.storage)
                result = self.run_without_password_for([first, second], "pull", index.image, f"{life}.tar")
                self.assertEqual(self.images_of(f"{life}.tar"), self.images_of("0.tar"))
                self.assertEqual(index.log("GET", "/layer"), [])
                if life == MOST_REQUESTS // 2:
                    self.assertNotIn("of no use", result.err)
                    continue
                note = (f"X-Docker-Endpoints of http://{index.host} names http://{first.host}, "
                        f"{DEAD if life else 'which is of no use'} (")
                self.assertEqual(result.err.count(note), 1, result.err)
                self.assertEqual(result.err.count(f"; asking http://{second.host} instead"), 1, result.err)

    def test_a_push_goes_on_at_the_next_endpoint_wherever_the_first_dies(self):
        for life, takes_last in [(life, True) for life in range(1, MOST_REQUESTS)] + [(2, False), (7, False)]:
            with self.subTest((life, takes_last)):
                images = self.start(FaultServer)
                first, second = self.start_mortal(images, life, takes_last), self.start_mortal(images, 1000)
                index = self.start_index(first, second)
                result = self.run_without_password_for([first, second], "push", "app.tar", index.image)
                self.ok("pull", f"{images.host}/team/app:1.0", "out.tar")
                self.assertEqual(index.log("PUT", "/layer"), [])
                self.assertEqual(result.err.count(DEAD), 1 if len(first.asked) > life else 0, result.err)

    def test_the_registry_itself_is_asked_once_all_its_endpoints_are_dead(self):
        first, second = self.start_mortal(self.images, 3), self.start_mortal(self.images, 2)
        index = self.start_index(first, second, words=self.storage)
        result = self.run_without_password_for([first, second], "pull", index.image, "out.tar")
        for endpoint, next_host in ((first, second.host), (second, index.host)):
            self.assertIn(f"names http://{endpoint.host}, {DEAD} (", result.err)
            self.assertIn(f"; asking http://{next_host} instead", result.err)
        self.assertNotEqual(index.log("GET", "/layer"), [])

    def test_an_endpoint_that_came_back_is_preferred_to_the_registry_itself(self):
        for waits in (True, False):
            with self.subTest(waits):
                slow = {"path": "/layer$", "times": 1, "action": "slow", "rate": 20_000 if waits else 200_000}
                first = self.start_mortal(self.images, 3)
                index = self.start_index(first, words=self.storage, faults=[slow])
                pull = self.start_regctl("pull", "--retry", "0", "--timeout", "1", "-j", "1", index.image, "out.tar",
                                         env=ENVIRONMENT)
                wait_for(lambda: index.log("GET", "/layer"), "the first layer")
                first.revive()
                self.assertEqual(pull.wait(PATIENCE_S), 0, pull.stderr.read())
                for stream in (pull.stdout, pull.stderr):
                    stream.close()
                self.assertEqual(len(index.log("GET", "/layer")), 1 if waits else 2)

    def test_a_proxy_that_answers_for_a_dead_endpoint_counts_as_dead(self):
        for path, dies in (("", True), ("/layer$", False)):
            with self.subTest(path):
                first = self.start(FaultServer, *self.storage, faults=[
                    {"path": path, "skip": 2 if dies else 0, "action": "status", "status": 502}])
                index = self.start_index(first, self.images, words=self.storage)
                words = ["pull", "--retry", "0", index.image, "out.tar"]
                if dies:
                    result = self.ok(*words, env=ENVIRONMENT)
                    self.assertIn(f"{first.host}, {DEAD} (it answered 502); asking http://{self.images.host} instead",
                                  result.err)
                else:  # one that answers pings is there
                    self.fails(5, *words, env=ENVIRONMENT, saying="502")
                    self.assertEqual(self.images.log("GET", "/layer"), self.images.log("GET", "/layer")[:2])


if __name__ == "__main__":
    main()
