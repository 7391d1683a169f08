#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""regctl mirror --watch: SIGHUP and the file, metrics, SIGINT and SIGTERM during a pass."""

import os
import re
import signal
import sys
import urllib.error
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import FaultServer, PATIENCE_S, main, wait_for  # noqa: E402
from mirror_case import MirrorCase, Serving  # noqa: E402
from v1_push import Client, Image  # noqa: E402

REPOSITORIES = 4


class Watch(MirrorCase):
    def watch(self, *options):
        """A watching process; its standard error is read as it comes."""
        process = self.start_regctl("mirror", "--watch", "1h", "--metrics-file", "metrics", *options, bufsize=0)
        self.addCleanup(self.stop, process)
        return process

    def stop(self, process):
        process.kill()
        process.communicate()

    def metrics(self):
        """Metric → number from the file; empty before the end of the first pass."""
        if not os.path.exists(self.path("metrics")):
            return {}
        lines = [line.rsplit(" ", 1) for line in self.read("metrics").decode().splitlines() if line[0] != "#"]
        return {name.removeprefix("regctl_mirror_"): float(number) for name, number in lines}

    def wait_for_passes(self, count):
        wait_for(lambda: self.metrics().get("passes_total") == count, f"pass {count}")
        return self.metrics()

    def end(self, process, number=signal.SIGTERM):
        """The exit code and the rest of the output."""
        process.send_signal(number)
        _, err = process.communicate(timeout=PATIENCE_S)
        return process.returncode, err.decode()


class Hangup(Watch):
    def setUp(self):
        super().setUp()
        self.source, self.destination = self.start(Serving), self.start(Serving)
        self.fill(self.source)

    def file(self, *rules):
        """The mirror of both ends with these lines of rules."""
        lines = ["version: 1", "mirrors:", f"  - source: {self.source.host}",
                 f"    destination: {self.destination.host}", *(f"    {rule}" for rule in rules)]
        return "\n".join(lines) + "\n"

    def test_sighup_reads_the_mirror_file_again(self):
        self.write("mirror.yaml", self.file("repositories: [single]"))
        process = self.watch("--config", "mirror.yaml")
        self.assertEqual(self.wait_for_passes(1)['tags{outcome="copied"}'], 2)
        self.write("mirror.yaml", self.file())
        process.send_signal(signal.SIGHUP)
        self.assertEqual(self.wait_for_passes(2)['tags{outcome="copied"}'], 4)
        code, err = self.end(process)
        self.assertEqual(code, 0, err)
        self.assertIn("the mirror file was read again", err)

    def test_rules_that_fail_in_a_later_pass_are_reported_and_do_not_end_the_watch(self):
        """Rules that make no sense end the first pass, but not a later one."""
        rules = self.file("rename: [{from: 'team/*', to: same}]")
        self.write("mirror.yaml", rules)
        self.fails(2, "mirror", "--config", "mirror.yaml", "--watch", "1h", saying="would become same")
        self.write("mirror.yaml", self.file("repositories: [single]"))
        process = self.watch("--config", "mirror.yaml")
        self.wait_for_passes(1)
        self.write("mirror.yaml", rules)
        process.send_signal(signal.SIGHUP)
        self.assertEqual(self.wait_for_passes(2)["passes_failed_total"], 1)
        self.write("mirror.yaml", self.file())
        process.send_signal(signal.SIGHUP)
        self.assertEqual(self.wait_for_passes(3)['tags{outcome="copied"}'], 4)
        code, err = self.end(process)
        self.assertEqual(code, 0, err)
        self.assertIn("would become same", err)

    def test_standard_input_is_refused_for_several_passes_or_mirrors(self):
        self.fails(2, "mirror", self.source.host, self.destination.host, "--repositories-from", "-", "--watch", "1h",
                   stdin=b"single\n", saying="--watch comes back to the repositories' names")
        two = self.file("repositories_from: '-'")
        self.write("mirror.yaml", two + two[two.index("  - source"):])
        self.fails(2, "mirror", "--config", "mirror.yaml", stdin=b"single\n", saying="several mirrors read")

    def test_a_pass_that_cannot_begin_is_counted_and_the_next_one_comes(self):
        self.write("mirror.yaml", "defaults: {report: missing/report}\n" + self.file("repositories: [single]"))
        process = self.watch("--config", "mirror.yaml")
        numbers = self.wait_for_passes(1)
        self.assertEqual((numbers["passes_failed_total"], numbers["last_success_timestamp_seconds"]), (1, 0))
        self.assertGreater(numbers["last_pass_timestamp_seconds"], 0)
        os.mkdir(self.path("missing"))
        process.send_signal(signal.SIGHUP)
        self.assertEqual(self.wait_for_passes(2)['tags{outcome="copied"}'], 2)
        self.write("names", "team/app\n")  # and then what is read would be overwritten
        self.write("mirror.yaml", "defaults: {failures: names}\n" + self.file("repositories_from: names"))
        process.send_signal(signal.SIGHUP)
        self.assertEqual(self.wait_for_passes(3)["passes_failed_total"], 1)
        code, err = self.end(process)
        self.assertEqual(code, 0, err)
        self.assertIn("overwritten before it is read; going on with what it said before", err)
        self.assertEqual(self.read("names"), b"team/app\n")

    def test_mistakes_in_the_file_are_noted_and_the_old_rules_stay(self):
        whole = self.file("repositories: [single]")
        mistakes = [  # the file, and what is said of it
            (self.file("repositories: {exclud: [x]}", "latest: some"),
             ["mirror.yaml has 2 mistakes", "line 5: mirrors[0].repositories.exclud", "line 6: mirrors[0].latest"]),
            (self.file("repositories: [single"), ["mirror.yaml", "line"]),
            (self.file("semver: ${NO_SUCH_VARIABLE}"), ["mirror.yaml line 5: mirrors[0].semver", "NO_SUCH_VARIABLE"]),
            (whole + "registries: {h: {credentials: {username: bob, password_env: NOT_SET}}}\n", ["NOT_SET"]),
            (whole + f"  - source: {self.source.host}\n    destination: {self.destination.host}/one/name:1\n",
             ["mirror.yaml line 7: mirrors[1].destination", "one repository, for many"]),
        ]
        self.write("mirror.yaml", whole)
        process = self.watch("--config", "mirror.yaml")
        passes = 1
        self.wait_for_passes(passes)
        for text, _ in mistakes:
            passes += 1
            self.write("mirror.yaml", text)
            self.ok("tag", f"{self.source.host}/single:1.0", f"{self.source.host}/single:{passes}")
            process.send_signal(signal.SIGHUP)
            numbers = self.wait_for_passes(passes)
            self.assertEqual((numbers['tags{outcome="copied"}'], numbers['repositories{outcome="done"}']), (1, 1),
                             text)
        os.remove(self.path("mirror.yaml"))
        process.send_signal(signal.SIGHUP)
        self.wait_for_passes(passes + 1)
        code, err = self.end(process)
        self.assertEqual(code, 0, err)
        said = err.split("going on with what it said before")
        self.assertEqual(len(said), len(mistakes) + 2, err)
        for (text, wanted), words in zip(mistakes, said):
            for word in wanted:
                self.assertIn(word, words, text)


class Metrics(Watch):
    def ask(self, port, path="/metrics", method="GET"):
        """Status, kind and text of the answer."""
        request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", method=method)
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, answer.headers["Content-Type"], answer.read()
        except urllib.error.HTTPError as answer:
            return answer.code, answer.headers["Content-Type"], answer.read()

    def test_metrics_are_served_as_in_the_file(self):
        source, destination = self.start(FaultServer), self.start(FaultServer)
        self.fill(source, names=("team/app",))
        source.control({"method": "GET", "path": "/layer$", "action": "headers", "gather": 2, "times": 2})
        process = self.watch(source.host, destination.host, "-j", "1", "--listen-metrics", "127.0.0.1:0")
        port = re.search(r"metrics at port (\d+)", process.stderr.readline().decode()).group(1)
        kind = "text/plain; version=0.0.4; charset=utf-8"
        # The first layer waits until another one is asked for, which is not done by the mirror.
        wait_for(lambda: source.log("GET", "/tags"), "the beginning of the pass")
        status, found, text = self.ask(port)
        self.assertEqual((status, found), (200, kind))
        self.assertIn(b"regctl_mirror_passes_total 0\n", text)
        self.ask(source.port, "/v1/images/none/layer")
        self.wait_for_passes(1)
        self.assertEqual(self.ask(port), (200, kind, self.read("metrics")))
        self.assertEqual(self.ask(port, "/")[0], 404)
        self.assertEqual(self.ask(port, method="POST")[0], 405)
        code, err = self.end(process)
        self.assertEqual(code, 0, err)


class Ending(Watch):
    """The run is stopped while one of several images is stalled."""

    def setUp(self):
        super().setUp()
        self.source, self.destination = self.start(FaultServer), self.start(FaultServer)
        client = Client(self.source.host)
        self.images = {f"team/app-{n}": Image(f"{n}", 10_000) for n in range(REPOSITORIES)}
        for name, image in self.images.items():
            client.push(name, "1.0", image)
        client.close()
        self.last = list(self.images.values())[-1]

    def words(self, *more):
        """Starts with a rule about ages, so that each image must be read before planning."""
        return ("mirror", self.source.host, self.destination.host, "-j", "2", "--newer-than", "5000w",
                "--state", "state", "--report", "report", "--metrics-file", "metrics", *more)

    def check_end(self, number, *more):
        self.source.control({"method": "GET", "path": f"{self.last.id}/layer", "action": "stall", "after": 100})
        process = self.start_regctl(*self.words(*more))
        self.addCleanup(self.stop, process)
        wait_for(lambda: os.path.exists(self.path("report")) and
                 self.read("report").count(b'"copied"') == REPOSITORIES - 1 and
                 self.source.log("GET", f"{self.last.id}/layer"), "all but one tag")
        code, err = self.end(process, number)
        self.assertEqual(code, 130, err)
        self.assertIn("interrupted", err)
        numbers = self.metrics()
        self.assertEqual([numbers[name] for name in (
            "passes_total", "passes_failed_total", "images_moved_total", "last_success_timestamp_seconds",
            'tags{outcome="copied"}', 'tags{outcome="not done"}')], [1, 1, REPOSITORIES - 1, 0, REPOSITORIES - 1, 1])
        self.assertTrue(self.summary()["interrupted"])
        known = {line.split()[0] for line in self.read("state").decode().splitlines()[1:]}
        self.assertEqual(known, {image.id for image in self.images.values()})
        # The next run does what is left: of the others not even their documents are asked for.
        self.source.control("clear")
        seen, sent = len(self.source.log()), len(self.destination.log())
        self.ok(*self.words())
        self.assertEqual((self.summary()["kept"], self.summary()["copied"]), (REPOSITORIES - 1, 1))
        for server, before in ((self.source, seen), (self.destination, sent)):
            self.assertEqual({record["path"].split("/")[3] for record in server.log()[before:]
                              if "/images/" in record["path"]}, {self.last.id})

    def test_sigint_during_a_pass_ends_the_run(self):
        self.check_end(signal.SIGINT)

    def test_sigterm_during_a_pass_ends_the_run(self):
        self.check_end(signal.SIGTERM)

    def test_sigterm_during_a_pass_ends_a_watch(self):
        self.check_end(signal.SIGTERM, "--watch", "1h")


if __name__ == "__main__":
    main()
