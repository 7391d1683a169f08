#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""regctl mirror --dry-run: the forecast of a plan, compared with the run that follows."""

import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import (REGCTL, FaultServer, NpmServer, TestCase, interrupt, main, make_archive,  # noqa: E402
                     wait_for)
from test_mirror import Serving  # noqa: E402

COLUMNS = 100


class Plan(TestCase):
    maxDiff = None

    def setUp(self):
        super().setUp()
        self.source, self.destination = self.start(Serving), self.start(Serving)

    def push(self, server, place, seeds, size=20_000):
        """Pushes one image with these layers."""
        layers = make_archive(self.path("image.tar"), seeds, size)
        self.ok("push", "image.tar", f"{server.host}/{place}")
        return layers

    def fill(self):
        """Repositories that share the lower ends of their chains; returns the bytes of each layer by its seed."""
        sizes = {}
        for name in ("team/app", "team/base", "single"):
            for tag in ("1.0", "1.1"):
                seeds = ["base", "lib", name, f"{name}:{tag}"]
                sizes.update(zip(seeds, (len(layer.data) for layer in self.push(self.source, seeds[-1], seeds))))
            self.ok("tag", f"{self.source.host}/{name}:1.1", f"{self.source.host}/{name}:latest")
        return sizes

    def plan(self, *words, source=None, destination=None, **kept):
        """Makes a plan; returns the records of its tags, and the summary."""
        done = self.ok("mirror", source or self.source.host, destination or self.destination.host, "--dry-run",
                       "--format", "json", *words, **kept)
        *tags, summary = [json.loads(line) for line in done.out.splitlines()]
        self.assertEqual({record["type"] for record in tags} - {"tag"}, set())
        self.assertEqual(summary["type"], "summary")
        return tags, summary

    def run_mirror(self, *words, source=None, destination=None):
        """Mirrors; returns the summary and the requests, without pings."""
        for server in (self.source, self.destination):
            server.forget_requests()
        self.ok("mirror", source or self.source.host, destination or self.destination.host, "--report", "report",
                "-j", "1", *words)
        return json.loads(self.read("report").splitlines()[-1]), self.requests()

    def requests(self):
        pings = ("GET /v2/", "GET /v1/_ping")
        return [r for server in (self.source, self.destination) for r in server.requests() if r not in pings]

    def assertForetold(self, *words, **places):
        """Checks that the run does what a plan with all sizes forecasts."""
        _, plan = self.plan("--sizes", "-j", "1", *words, **places)
        run, requests = self.run_mirror(*words, **places)
        self.assertEqual((plan["planned_of_unknown_images"], plan["planned_of_unknown_size"]), (0, 0))
        self.assertEqual((plan["to_copy"], plan["to_update"], plan["to_keep"], plan["to_delete"]),
                         (run["copied"], run["updated"], run["kept"], run["deleted"]))
        self.assertEqual((plan["images_ahead"], plan["bytes_ahead"]), (run["images"], run["bytes"]))
        if len(requests) < plan["requests_ahead"]:  # a server logs a request when its answer is gone
            wait_for(lambda: len(self.requests()) >= plan["requests_ahead"], "the log's last lines")
            requests = self.requests()
        self.assertEqual(plan["requests_ahead"], len(requests), requests)
        return plan

    def change(self):
        """Adds a tag, moves one, and removes one."""
        self.push(self.source, "team/app:2.0", ["base", "lib", "new"])
        self.push(self.source, "team/app:latest", ["base", "lib", "top-0", "newest"])
        self.ok("rm", "--yes", f"{self.source.host}/team/app:1.0")


class Foretold(Plan):
    def test_plan_between_registries_matches_the_run(self):
        sizes = self.fill()
        plan = self.assertForetold()
        self.assertEqual((plan["bytes_ahead"], plan["images_ahead"], plan["planned"]),
                         (sum(sizes.values()), len(sizes), 9))
        self.assertEqual(plan["bytes_shared"], sum(n for seed, n in sizes.items() if not seed.endswith(":1.0")))
        self.change()
        self.assertForetold("--prune", "--yes")
        self.assertEqual(self.assertForetold()["planned"], 0)

    def test_plan_from_a_tree_knows_all_sizes_and_matches_the_run(self):
        self.fill()
        tree = self.source.place
        self.source.end()
        tags, plan = self.plan(source=tree)
        self.assertEqual(plan["planned_of_unknown_size"], 0)
        self.assertTrue(all(tag["bytes_ahead"] is not None for tag in tags))
        self.assertForetold(source=tree)

    def test_plan_into_a_tree_does_not_count_its_images(self):
        self.fill()
        self.push(self.destination, "other/name:1", ["base", "lib"])  # which no tag of the plan tells
        tree = self.destination.place
        self.destination.end()
        self.assertForetold(destination=tree)

    def test_plan_into_a_missing_tree_does_not_create_it(self):
        self.fill()
        for name in ("absent", "empty"):
            if name == "empty":
                os.mkdir(self.path(name))
            _, plan = self.plan("--sizes", destination=self.place(name))
            self.assertEqual(plan["to_copy"], 9)
            self.assertEqual(os.path.exists(self.path(name)) and os.listdir(self.path(name)), name == "empty" and [])
            self.assertEqual(self.tree_files(name).paths(), [])
        self.assertForetold(destination=self.place("absent"))

    def test_plan_from_npms_listing_of_all_tags_matches_the_run(self):
        npm = self.start(NpmServer)
        for name in ("team/app:1", "team/app:2", "other:1"):
            self.push(npm, name, ["base", name.replace(":", "-").replace("/", "-")])
        _, plan = self.plan("--sizes", "-j", "1", source=npm.host)
        self.run_mirror(source=npm.host)
        # A search, which it does not have, and the listing; the ancestry of each tag, JSON and layer of each image.
        of_source = 2 + 3 + 4 * 2
        self.assertEqual(plan["requests_ahead"], of_source + len(self.requests()))


class Known(Plan):
    def test_a_plan_requests_no_image_and_marks_unknown_sizes(self):
        self.fill()
        self.source.forget_requests()
        tags, plan = self.plan()
        self.assertEqual([r for r in self.requests() if "/images/" in r], [])
        self.assertEqual((plan["planned_of_unknown_images"], plan["planned_of_unknown_size"]), (9, 9))
        self.assertEqual({(tag["images_ahead"], tag["bytes_ahead"], tag["bytes_shared"]) for tag in tags},
                         {(None, None, None)})
        self.assertGreater(plan["requests_ahead"], 0)
        shown = self.ok("mirror", self.source.host, self.destination.host, "--dry-run").out
        self.assertIn("for 9 tags not all sizes are known (--sizes asks the source)\nat least ", shown)
        _, requests = self.run_mirror()
        self.assertLess(plan["requests_ahead"], len(requests))

    def test_sizes_are_requested_once_and_kept(self):
        sizes = self.fill()
        self.source.forget_requests()
        self.plan("--sizes", "-j", "1")  # several threads may ask for one image at the same moment
        asked = [r for r in self.source.requests() if "/images/" in r]
        self.assertEqual({r.split("/")[-1] for r in asked}, {"json"})
        self.assertEqual((len(asked), len(set(asked))), (len(sizes), len(sizes)))
        self.source.forget_requests()
        _, plan = self.plan()
        self.assertEqual([r for r in self.source.requests() if "/images/" in r], [])
        self.assertEqual(plan["bytes_ahead"], sum(sizes.values()))

    def test_sizes_of_several_repositories_are_requested_in_parallel(self):
        """The server answers neither request before both have arrived."""
        source = self.start(FaultServer)
        for name in ("a", "b"):
            self.push(source, f"{name}:1", [name], 100)
        source.control({"method": "GET", "path": "/images/.*/json$", "times": 2, "gather": 2, "action": "slow",
                        "rate": 1_000_000})
        _, plan = self.plan("--sizes", "-j", "2", "--retry", "0", source=source.host)
        self.assertEqual((plan["to_copy"], plan["planned_of_unknown_size"]), (2, 0))

    def test_shared_images_are_shown_for_each_tag_and_counted_once(self):
        one = self.push(self.source, "app:1", ["base", "lib", "one"])
        two = self.push(self.source, "app:2", ["base", "lib", "two"])
        self.push(self.source, "app:3", ["base", "three"])
        sizes = {layer.id: len(layer.data) for layer in one + two}
        base, lib, of_one = (sizes[layer.id] for layer in one)
        tags, plan = self.plan("--sizes")
        self.assertEqual([tag["bytes_shared"] for tag in tags], [0, base + lib, base])
        self.assertEqual(tags[0]["bytes_ahead"], base + lib + of_one)
        self.assertEqual(plan["bytes_shared"], base + lib)

    def test_a_denied_image_fails_its_repository(self):
        source = self.start(FaultServer)
        self.push(source, "app:1", ["base"])
        source.control({"method": "GET", "path": "/json$", "action": "status", "status": 403})
        self.assertEqual(self.regctl("mirror", source.host, self.destination.host, "-n", "--sizes").code, 4)


class Shown(Plan):
    def test_rows_come_in_order_and_fit(self):
        """The first repository's tags come last."""
        source = self.start(FaultServer)
        names = [f"team/application-{n}" for n in range(8)]
        for name in names:
            self.push(source, f"{name}:2015.01.31-1", ["base"], 100)
        source.control({"path": f"{names[0]}/tags", "action": "slow", "rate": 200})
        done = self.ok("mirror", source.host, self.destination.host, "--dry-run", "-j", "4")
        heading, *rows = done.out.split("\n\n")[0].splitlines()
        self.assertEqual([row.split()[:2] for row in rows], [["copy", f"{name}:2015.01.31-1"] for name in names])
        self.assertLessEqual(max(map(len, done.out.splitlines())), COLUMNS)
        for title in ("TAG", "IMAGE ID", "TO MOVE", "SHARED", "REASON"):
            column = heading.index(title)
            for row in rows:
                self.assertEqual((row[column - 3:column], row[column] != " "), ("   ", True), row)

    def test_all_shows_unchanged_tags(self):
        self.fill()
        self.run_mirror()
        words = ("mirror", self.source.host, self.destination.host, "--semver", "1.0")
        self.assertEqual(self.ok(*words, "-n").out.splitlines()[0], "9 tags in 3 repositories: keep 3, skip 6")
        rows = self.ok(*words, "-n", "--all").out.splitlines()[1:10]
        self.assertEqual([(row.split()[0], row.split()[1]) for row in rows[:3]],
                         [("keep", "single:1.0"), ("skip", "single:1.1"), ("skip", "single:latest")])
        self.assertTrue(rows[1].endswith("   filtered by --semver"))
        lines = sorted(self.ok(*words, "--all").out.splitlines())
        self.assertEqual(len(lines), 9)
        self.assertTrue(lines[0].startswith("kept single:1.0 "))

    def test_a_closed_pipe_does_not_end_a_plan(self):
        self.fill()
        process = subprocess.Popen([REGCTL, "mirror", self.source.host, self.destination.host, "-n", "--plan", "plan"],
                                   env=self.environment({}), cwd=self.folder, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        process.stdout.close()
        _, err = process.communicate()
        self.assertEqual((process.returncode, err), (0, b""))
        self.assertEqual(len(self.read("plan").splitlines()), 9)

    def test_ctrl_c_ends_a_plan_in_the_middle_of_its_lines(self):
        source = self.start(FaultServer)
        for name in ("a", "b", "c"):
            self.push(source, f"{name}:1", ["base"], 100)
        source.control({"method": "GET", "path": "/b/tags", "action": "stall", "after": 0})
        process = self.start_regctl("mirror", source.host, self.destination.host, "-n", "-j", "1", "--format", "json")
        self.assertEqual(json.loads(process.stdout.readline())["source"], "a")
        wait_for(lambda: source.log("GET", "/b/tags"), "the second repository")
        interrupt(process)
        _, err = process.communicate()
        self.assertEqual((process.returncode, err.count(b"bug")), (130, 0), err)

    def test_a_full_disk_is_reported_at_the_end(self):
        self.fill()
        with open("/dev/full", "wb") as full:
            done = subprocess.run([REGCTL, "mirror", self.source.host, self.destination.host, "-n", "--format", "json"],
                                  env=self.environment({}), cwd=self.folder, stdout=full, stderr=subprocess.PIPE,
                                  check=False)
        self.assertEqual(done.returncode, 8, done.stderr)
        self.assertIn(b"No space left on device", done.stderr)

    def test_a_failure_is_in_the_records(self):
        self.fill()
        done = self.regctl("mirror", self.source.host, self.destination.host, "--repositories-from", "-", "-n",
                           "--format", "json", stdin=b"no/such\nsingle\n")
        self.assertEqual(done.code, 10)
        records = [json.loads(line) for line in done.out.splitlines()]
        self.assertEqual([record["type"] for record in records], ["repository"] + ["tag"] * 3 + ["summary"])
        self.assertEqual(records[0]["error"]["kind"], "not_found")


if __name__ == "__main__":
    main()
