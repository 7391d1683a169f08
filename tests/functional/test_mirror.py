#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""regctl mirror between registries and trees of protocol v1: what it moves, leaves and reports."""

import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import (DATA, REGCTL, FaultServer, NpmServer, interrupt, main, make_archive,  # noqa: E402
                     wait_for)
from mirror_case import MirrorCase, Serving  # noqa: E402
from trees import not_in_bucket  # noqa: E402
from v1_push import Client, Image  # noqa: E402

ENGINES = ("1.3.3", "1.5.0", "1.9.1")


class Whole(MirrorCase):
    def listed(self, files):
        """Every image file of a storage tree: path → bytes."""
        return {path: files.read(path) for path in files.paths("images")}

    def test_a_registry_is_mirrored_and_a_second_run_moves_nothing(self):
        source, destination = self.start(Serving), self.start(Serving)
        made = self.fill(source)
        first = self.mirror(source, destination, "--report", "report")
        self.assertEqual(sorted(line.split()[1] for line in first.out.splitlines()),
                         sorted(f"{name}:{tag}" for name in made for tag in ("1.0", "latest")))
        self.assertSame(made, destination)
        # base and lib are shared: five different images, each moved once.
        self.assertEqual(self.summary()["images"], 5)
        layers = [r for r in destination.requests() if r.startswith("PUT") and r.endswith("/layer")]
        self.assertEqual(len(layers), len(set(layers)))

        self.assertEqual(first.err.count("\n"), 1, first.err)

        again = self.mirror(source, destination, "--report", "report")
        self.assertEqual(again.out, "")
        self.assertEqual((self.summary()["kept"], self.summary()["images"], self.summary()["bytes"]), (6, 0, 0))

    def test_a_run_with_nothing_to_do_costs_two_requests_for_each_repository(self):
        source, destination = self.start(Serving), self.start(Serving)
        make_archive(self.path("app.tar"), ["base"], 100)
        count = 60
        self.ok("push", "app.tar", f"{source.host}/team/app-0:1")
        for number in range(1, count):
            self.ok("tag", f"{source.host}/team/app-0:1", f"{source.host}/team/app-{number}:1")
        self.mirror(source, destination)
        source.forget_requests()
        destination.forget_requests()
        self.mirror(source, destination, "--report", "report")
        self.assertEqual(self.summary()["kept"], count)
        requests = source.requests() + destination.requests()
        self.assertLessEqual(len(requests), 2.1 * count, requests)
        self.assertEqual([r for r in requests if not r.startswith("GET")], [])

    def test_an_idle_run_asks_once_for_a_listing_of_all_tags_that_does_not_exist(self):
        """docker-registry has a search but no listing of all tags: that is requested once and missing."""
        source, destination = self.start(FaultServer), self.start(FaultServer)
        client = Client(source.host)
        names = [f"team/app-{number}" for number in range(20)]
        for name in names:
            client.push(name, "1.0", Image(name, 100))
        client.close()
        self.mirror(source, destination)
        listings = {source: ["/v1/repositories", "/v1/search?q="], destination: ["/v1/repositories"]}
        seen = {server: len(server.log()) for server in listings}
        self.mirror(source, destination, "--report", "report")
        self.assertEqual((self.summary()["kept"], self.summary()["copied"]), (len(names), 0))
        for server, listing in listings.items():
            asked = [(r["method"], r["path"]) for r in server.log()[seen[server]:]]
            self.assertEqual(sorted(path for _, path in asked if path not in ("/v1/_ping", "/v2/")),
                             sorted([f"/v1/repositories/{name}/tags" for name in names] + listing))
            self.assertLessEqual(len(asked), len(names) + len(listing) + 3)
            self.assertEqual({method for method, _ in asked}, {"GET"})

    def test_images_shared_by_chains_are_read_and_looked_up_once(self):
        source, destination = self.start(Serving), self.start(Serving)
        made = self.fill(source)
        source.forget_requests()
        self.mirror(source, destination, "-j", "1")
        images = {layer.id for layers in made.values() for layer in layers}
        # The destination is asked whether it has an image, and what it holds of it in the end.
        for server, times in ((source, 1), (destination, 2)):
            read = [r for r in server.requests() if r.startswith("GET") and r.endswith("/json")]
            self.assertEqual(len(read), times * len(images), read)

    def test_facts_are_kept_in_the_named_state_file(self):
        source, destination = self.start(Serving), self.start(Serving)
        self.fill(source)
        for name in ("state", "folder/state"):  # without a folder of its own, and in a new one
            done = self.mirror(source, destination, "--state", name, "--prefix", name + "/")
            self.assertEqual(done.err.count("\n"), 1, done.err)
            self.assertEqual(self.read(name).count(b"\n"), 1 + 5)

    def test_a_body_that_arrives_with_its_head_is_sent_at_once(self):
        """If more of a body arrives with its head than the buffer holds, the rest must not wait for a poll."""
        source, destination = self.start(Serving), self.start(Serving)
        count = 10
        make_archive(self.path("large.tar"), [f"large-{n}" for n in range(count)], 1_200_000)
        self.ok("push", "large.tar", f"{source.host}/team/large:1.0")
        subprocess.run(["strace", "-f", "-o", "trace", "-e", "trace=poll", REGCTL, "mirror", "-q", "-j", "1",
                        source.host, destination.host], check=True, cwd=self.folder,
                       env=self.environment({"ASAN_OPTIONS": "detect_leaks=0"}), stdout=subprocess.DEVNULL)
        vain = re.findall(r"poll\(.* [0-9]{3,}\) += 0 \(Timeout\)", self.read("trace").decode())
        self.assertLess(len(vain), count)  # it waited a second in vain for each layer

    def test_bandwidth_limits_the_run(self):
        source, destination = self.start(Serving), self.start(Serving)
        made = self.fill(source, names=("team/app",))
        size = sum(len(layer.data) for layer in made["team/app"])
        self.mirror(source, destination, "--bandwidth", f"{size // 2}B/s", "--report", "report")
        self.assertGreater(self.summary()["seconds"], 1.5)

    def test_npm_s_server_is_mirrored_and_mirrored_to(self):
        npm, middle, back = self.start(NpmServer), self.start(Serving), self.start(NpmServer)
        for engine in ENGINES:
            self.ok("push", os.path.join(DATA, f"save-{engine}.tar"), f"{npm.host}/team/demo-{engine}:1.0")
        self.mirror(npm, middle, "--report", "report")
        self.assertEqual(self.summary()["copied"], 3)
        middle.forget_requests()
        self.mirror(npm, middle, "--report", "report")
        self.assertEqual((self.summary()["kept"], self.summary()["images"]), (3, 0))
        self.mirror(middle, back, "--report", "report")
        self.assertEqual(self.summary()["copied"], 3)
        self.mirror(middle, back, "--report", "report")
        self.assertEqual((self.summary()["kept"], self.summary()["images"]), (3, 0))
        self.assertEqual(json.loads(npm.get("/v1/repositories")), json.loads(back.get("/v1/repositories")))

    def test_a_tree_is_mirrored_to_both_and_to_a_tree(self):
        source = self.start(Serving)
        made = self.fill(source)
        source.end()
        for kind in (Serving, NpmServer):
            with self.subTest(kind.__name__):
                server = self.start(kind)
                self.mirror(source.place, server, "--report", "report")
                self.assertEqual(self.summary()["copied"], 6)
                self.mirror(source.place, server, "--report", "report")
                self.assertEqual(self.summary()["kept"], 6)
        self.mirror(source.place, self.place("copy"))
        self.assertEqual(self.listed(self.tree_files("copy")), self.listed(source.files))
        self.assertSame(made, self.start(Serving, storage=self.path("copy")))

    def test_an_archive_is_mirrored(self):
        server = self.start(Serving)
        layers = make_archive(self.path("app.tar"), ["a", "b"], 1000, name="host:5000/team/app:1.0")
        self.mirror(f"docker-archive:{self.path('app.tar')}", server)
        self.assertEqual(server.tags("team/app"), {"1.0": layers[-1].id})
        self.assertEqual(self.mirror(f"docker-archive:{self.path('app.tar')}", server).out, "")

    def test_one_repository_or_tag_is_mirrored_under_another_name(self):
        source, destination = self.start(Serving), self.start(Serving)
        self.fill(source)
        self.mirror(f"{source.host}/team/app:1.0", f"{destination.host}/other/name")
        self.assertEqual(list(destination.tags("other/name")), ["1.0"])
        self.mirror(f"{source.host}/team/", f"{destination.host}/mirror/")
        self.assertEqual(sorted(destination.tags("mirror/team/app")), ["1.0", "latest"])
        gone = self.regctl("mirror", f"{source.host}/team/app:9", destination.host)
        self.assertEqual(gone.code, 3)
        self.assertIn(f"there is no tag {source.host}/team/app:9", gone.err)

    def test_a_closed_pipe_on_standard_output_does_not_end_the_run(self):
        source, destination = self.start(Serving), self.start(Serving)
        made = self.fill(source)
        process = self.start_regctl("mirror", source.host, destination.host)
        process.stdout.close()
        _, err = process.communicate()
        self.assertEqual(process.returncode, 0, err)
        self.assertSame(made, destination)

    def test_source_and_destination_must_differ(self):
        source = self.start(Serving)
        self.fill(source)
        self.fails(2, "mirror", source.host, source.host, saying="are both")
        self.mirror(source, source, "--prefix", "copy/")
        self.assertEqual(sorted(source.tags("copy/team/app")), ["1.0", "latest"])


class Chosen(MirrorCase):
    def setUp(self):
        super().setUp()
        self.source, self.destination = self.start(Serving), self.start(Serving)

    def changed(self, result):
        return sorted(re.findall(r"^cop(?:y|ied) +(\S+)", result.out, re.M))

    def test_filters_select_and_renames_name_repositories(self):
        self.fill(self.source)
        self.ok("tag", f"{self.source.host}/team/app:1.0", f"{self.source.host}/team/app:2.5")
        rows = [
            (["--include", "team/*"], ["team/app:1.0", "team/app:2.5", "team/app:latest", "team/base:1.0",
                                       "team/base:latest"]),
            (["--include", "/team.(app|x)/", "--exclude-tag", "latest"], ["team/app:1.0", "team/app:2.5"]),
            (["--exclude", "team/*", "--exclude", "[x]"], ["single:1.0", "single:latest"]),
            (["--semver", ">=2"], ["team/app:2.5"]),
            (["--semver", ">=0", "--latest", "1"], ["single:1.0", "team/app:2.5", "team/base:1.0"]),
            (["--newer-than", "1d"], []),
            (["--include", "team/app", "--include-tag", "1*", "--rename", "team/*=new/$1"], ["new/app:1.0"]),
            (["--include", "single", "--include-tag", "1*", "--prefix", "p/"], ["p/single:1.0"]),
        ]
        for options, expected in rows:
            with self.subTest(options):
                done = self.mirror(self.source, self.destination, "-n", *options)
                self.assertEqual(self.changed(done), expected)
        self.assertEqual([r for r in self.destination.requests() if not r.startswith("GET")], [])

    def test_one_tag_of_one_repository_can_be_excluded(self):
        self.fill(self.source)
        done = self.mirror(self.source, self.destination, "-n", "--exclude", "team/app:1.0", "--exclude", "single")
        self.assertEqual(self.changed(done), ["team/app:latest", "team/base:1.0", "team/base:latest"])
        self.write("m.yaml", f"version: 1\nmirrors: [{{source: {self.source.host}, destination: {self.destination.host}, "
                             "repositories: {exclude: ['team/*:1*', single]}}]\ndefaults: {strict: true}\n")
        done = self.ok("mirror", "-n", "--config", "m.yaml")
        self.assertEqual(self.changed(done), ["team/app:latest", "team/base:latest"])
        rest = self.mirror(self.source, self.destination, "--exclude", "team/app:1.0")
        self.assertNotIn("matches nothing", rest.err)
        self.ok("diff", self.source.host, self.destination.host, "--exclude", "team/app:1.0", "--strict")
        self.assertEqual(self.regctl("diff", self.source.host, self.destination.host).code, 10)

    def test_a_pattern_without_match_is_noted_and_an_impossible_one_refused(self):
        self.fill(self.source)
        ends = (self.source.host, self.destination.host)
        slips = (["--exclude", "team/ap"], ["--include", "**", "--include", "tema/*"], ["--exclude-tag", "2.*"],
                 ["--exclude", "team/app:9"], ["--exclude", "tema/app:1.0"])
        for options in slips:
            with self.subTest(options):
                said = f"{options[-2]} '{options[-1]}' matches nothing"
                self.assertIn(said, self.ok("mirror", "-n", *ends, *options).err)
                self.assertEqual(self.ok("mirror", "-n", "-q", *ends, *options).err, "")
                strict = self.regctl("mirror", "-n", "-q", "--strict", *ends, *options)
                self.assertEqual(strict.code, 3, strict.err)
                self.assertIn(said, strict.err)
        self.ok("mirror", *ends)
        self.assertEqual(self.regctl("diff", *ends, "--strict", "--exclude", "tema/*").code, 3)
        self.assertEqual(self.regctl("verify", ends[0], "--strict", "--exclude", "tema/*").code, 3)
        for options in (["--exclude", "team/"], ["--include", f"{self.source.host}/team/*"],
                        ["--include-tag", "team/app:1.0"], ["--include", "team/app:1.0"]):
            with self.subTest(options):
                self.fails(2, "mirror", *ends, *options, saying="can never match")

    def test_a_namespace_given_as_a_repository_gets_a_hint(self):
        self.fill(self.source)
        for words in (["mirror", f"{self.source.host}/team", self.destination.host],
                      ["diff", f"{self.source.host}/team", self.destination.host],
                      ["verify", f"{self.source.host}/team"]):
            with self.subTest(words):
                result = self.regctl(*words)
                self.assertEqual(result.code, 3, result.err)
                self.assertIn(f"team/ is a namespace: write {self.source.host}/team/ for the 2 repositories in it",
                              result.err)
        rows = self.ok("images", f"{self.source.host}/team/", "--format", "json").json
        self.assertEqual({row["repository"] for row in rows}, {"team/app", "team/base"})
        self.fails(3, "images", f"{self.source.host}/tema/", saying="there is no repository below tema/")
        self.ok("copy", f"{self.source.host}/team/app:1.0", f"{self.destination.host}/kept/")
        self.ok("push", "0.tar", f"{self.destination.host}/pushed/deep/")
        rows = self.ok("images", self.destination.host, "--format", "json").json
        self.assertEqual({row["repository"] for row in rows}, {"kept/team/app", "pushed/deep/team/app"})

    def test_shards_cover_everything_without_overlap(self):
        names = [f"team/app-{n}" for n in range(20)]
        make_archive(self.path("app.tar"), ["base"], 100)
        self.ok("push", "app.tar", f"{self.source.host}/{names[0]}:1")
        for name in names[1:]:
            self.ok("tag", f"{self.source.host}/{names[0]}:1", f"{self.source.host}/{name}:1")
        shares = [self.changed(self.mirror(self.source, self.destination, "-n", "--shard", f"{i}/3"))
                  for i in (1, 2, 3)]
        self.assertEqual(sorted(sum(shares, [])), sorted(f"{n}:1" for n in names))
        self.assertTrue(all(shares))

    def test_named_repositories_need_no_listing(self):
        source = self.start(FaultServer)
        self.fill(source)
        rows = [{"action": "status", "status": status} for status in (400, 403, 405, 500, 501)]
        rows += [{"action": "body", "text": text} for text in ("<html>maintenance</html>", '{"results": null}', "")]
        for number, row in enumerate(rows):
            with self.subTest(row):
                source.control("clear")
                source.control({"method": "GET", "path": "/v1/search", **row})
                tree = self.place(f"tree{number}")
                words = ("mirror", "--retry", "0", source.host, tree)
                done = self.ok(*words, "--repositories-from", "-", stdin=b"single\n")
                self.assertIn("copied single:1.0 ", done.out)
                self.assertEqual(done.out.count("copied"), 2)
                self.assertNotIn("regctl: error", done.err)
                whole = self.regctl(*words)
                self.assertNotEqual(whole.code, 0)

    def test_repositories_come_from_a_file_and_differences_to_the_listing_are_noted(self):
        self.fill(self.source)
        self.write("names", "# those of the team\nteam/app\n\nteam/base\n")
        done = self.mirror(self.source, self.destination, "--repositories-from", "names")
        self.assertEqual(self.changed(done), ["team/app:1.0", "team/app:latest", "team/base:1.0",
                                            "team/base:latest"])
        self.assertIn("1 repository is in", done.err)
        self.assertIn("and not in 'names': single", done.err)
        piped = self.mirror(self.source, self.destination, "--repositories-from", "-", stdin=b"single\n")
        self.assertEqual(self.changed(piped), ["single:1.0", "single:latest"])
        gone = self.regctl("mirror", self.source.host, self.destination.host, "--repositories-from", "-",
                           stdin=b"single\nno/such\n")
        self.assertEqual(gone.code, 10, gone.err)

    def test_an_empty_namespace_is_not_found(self):
        self.fill(self.source)
        ends = (f"{self.source.host}/tema/", self.destination.host)
        failed = self.fails(3, "mirror", *ends, saying=f"there is no repository below tema/ at {self.source.host}")
        self.assertRegex(failed.err, "(did you mean|there are: ).*team/")
        for more in (["--exclude", "**"], ["--include", "other/*", "--shard", "1/9"]):
            left_out = self.mirror(f"{self.source.host}/team/", self.destination, *more)
            self.assertIn("the rules leave out every repository of", left_out.err)
        shares = [self.mirror(f"{self.source.host}/library/", self.destination, "--shard", f"{i}/9")
                  for i in range(1, 10)]
        self.assertEqual([share.err for share in shares if "regctl: there" in share.err or "rules" in share.err], [])
        self.assertEqual(sum(bool(share.out) for share in shares), 1)
        self.write("names", "")
        for source, options, where in ((self.start(Serving), (), None),
                                       (self.source, ("--repositories-from", "names"), "'names'")):
            done = self.mirror(source, self.destination, *options)
            self.assertIn(f"there are no repositories in {where or source.host}\n", done.err)

    def test_library_is_implied_and_may_be_typed(self):
        made = self.fill(self.source, ("single", "team/app"))
        self.write("names", "library/single\nsingle\n")
        single = ["single:1.0", "single:latest"]
        rows = [
            (self.source.host, ["--repositories-from", "names"], single),
            (f"{self.source.host}/library/", [], single),
            (self.source.host, ["--include", "library/single"], single),
            (self.source.host, ["--include", "library/**"], single),
            (self.source.host, ["--exclude", "library/*", "--include-tag", "latest"], ["team/app:latest"]),
            (f"{self.source.host}/library/", ["--rename", "library/*=new/$1"], ["new/single:1.0", "new/single:latest"]),
        ]
        for source, options, expected in rows:
            with self.subTest(source, options=options):
                done = self.mirror(source, self.destination, "--dry-run", *options)
                self.assertEqual(self.changed(done), expected)
        self.write("mirror.yaml", json.dumps({"version": 1, "mirrors": [{
            "source": self.source.host, "destination": f"{self.destination.host}/library/",
            "repositories": ["library/*"]}]}))
        self.ok("mirror", "--config", "mirror.yaml")
        self.assertSame({"single": made["single"]}, self.destination)
        self.fails(2, "mirror", f"{self.source.host}/library/", f"{self.source.host}/library/", saying="are both")
        self.ok("diff", f"{self.source.host}/library/", f"{self.destination.host}/library/")

    def test_disagreeing_listings_are_noted_if_that_concerns_the_scope(self):
        source = self.start(FaultServer)
        client = Client(source.host)
        image = Image("base", 100)
        for name in ("team/app", "other/app"):
            client.push(name, "1.0", image)
        client.close()
        source.control({"method": "GET", "path": "/v1/repositories$", "action": "status", "status": 200,
                        "body": json.dumps({"team/app:1.0": image.id})})
        told = f"1 repository is in the search of {source.host} and not in its listing of tags: other/app"
        rows = [((source.host,), True), ((source.host, "--exclude", "team/*"), True),
                ((f"{source.host}/team/",), False), ((source.host, "--exclude", "other/*"), False)]
        for verb in ("mirror", "diff"):
            for (end, *options), is_told in rows:
                with self.subTest(verb, end=end, options=options):
                    done = self.regctl(verb, end, self.destination.host, *options)
                    self.assertEqual(told in done.err, is_told, done.err)

    def test_a_repository_that_one_listing_lacks_is_seen_by_every_command(self):
        source = self.start(FaultServer)
        client = Client(source.host)
        for name in ("team/app", "other/app"):
            client.push(name, "1.0", Image("base", 100))
        client.close()
        source.control({"method": "GET", "path": "/v1/repositories$", "action": "status", "status": 200,
                        "body": json.dumps({"team/app:1.0": Image("base", 100).id})})
        source.control({"method": "GET", "path": "/v1/search", "action": "status", "status": 200,
                        "body": json.dumps({"results": [{"name": "other/app"}]})})
        for verb in ("images", "audit", "mirror"):
            with self.subTest(verb):
                done = self.regctl(verb, source.host, *([self.destination.host] if verb == "mirror" else []))
                self.assertEqual(done.code, 0, done.err)
                for name in ("team/app", "other/app"):
                    self.assertIn(name, done.out)
                self.assertIn("1 repository is in its listing of tags and not in the search of "
                              f"{source.host}: team/app", done.err)

    def test_a_dry_run_changes_nothing_and_its_exit_code_says_if_there_is_work(self):
        self.fill(self.source)
        words = ("mirror", self.source.host, self.destination.host, "--dry-run")
        self.assertRegex(self.ok(*words).out, "\ncopy +team/app:1.0 ")
        self.assertEqual(self.regctl(*words, "--exit-code").code, 11)
        self.mirror(self.source, self.destination)
        self.assertIn("6 tags in 3 repositories: keep 6\n", self.ok(*words, "--exit-code").out)

    def test_a_plan_is_written_and_carried_out(self):
        made = self.fill(self.source)
        ends = (self.source.host, self.destination.host)
        self.ok("mirror", *ends, "--plan", "plan")
        self.assertEqual(len(self.read("plan").splitlines()), 6)
        self.assertEqual([r for r in self.destination.requests() if not r.startswith("GET")], [])
        self.ok("mirror", *ends, "--apply", "plan")
        self.assertSame(made, self.destination)
        self.assertEqual(self.ok("mirror", *ends, "--apply", "plan").out, "")
        # What has changed since is left alone.
        self.ok("tag", f"{self.destination.host}/single:1.0", f"{self.destination.host}/team/app:1.0")
        stale = self.regctl("mirror", *ends, "--apply", "plan")
        self.assertEqual(stale.code, 10, stale.err)
        self.assertIn("is not what it was when the plan was made", stale.err)


class Applied(MirrorCase):
    """The lines that --apply takes, and where they come from."""

    def setUp(self):
        super().setUp()
        self.source, self.destination = self.start(Serving), self.start(Serving)
        self.made = self.fill(self.source)
        self.ends = (self.source.host, self.destination.host)

    def assertUntouched(self):
        self.assertEqual([r for r in self.destination.requests() if not r.startswith("GET")], [])

    def test_a_plans_line_of_another_mirror_is_refused(self):
        """One line of each kind: a planned tag, a failed tag, a failed repository."""
        self.ok("mirror", self.source.host, f"{self.destination.host}/m/", "--plan", "plan")
        tag = self.read("plan").splitlines()[-1].decode()
        self.write("plan", "single\n" + tag + "\n")
        stated = f"to docker://{self.destination.host}/m/, and this one is from docker://{self.source.host} to " \
                 f"docker://{self.destination.host}"
        self.fails(2, "mirror", *self.ends, "--apply", "plan", saying=["'plan', line 2", stated])
        for record in ({"type": "tag", "destination": "single", "tag": "1.0", "action": "copy", "identity": "x"},
                       {"type": "repository"}):
            self.write("failures", json.dumps({"from": f"docker://{self.source.host}", "to": "docker://other:5000",
                                               "source": "single", **record}))
            self.fails(2, "mirror", *self.ends, "--apply", "failures", saying="'failures', line 1 is of the mirror")
        self.assertUntouched()
        # What does not say is taken for the one mirror there is.
        record = json.loads(tag)
        del record["from"], record["to"]
        self.write("plan", json.dumps(record))
        self.ok("mirror", *self.ends, "--apply", "plan")
        self.assertNotEqual([r for r in self.destination.requests() if not r.startswith("GET")], [])

    def test_a_repository_is_not_planned_anew_without_its_rules(self):
        source = self.start(FaultServer)
        made = self.fill(source)
        source.control({"method": "GET", "path": "/single/tags$", "action": "status", "status": 500})
        words = ("mirror", source.host, self.destination.host, "--retry", "0")
        self.assertEqual(self.regctl(*words, "--prefix", "m/", "--failures", "failures").code, 10)
        source.control("clear")
        self.fails(2, *words, "--apply", "failures", saying=["'failures', line 1", "single is a matter of rules"])
        self.ok(*words, "--prefix", "m/", "--repositories-from", "failures")
        self.assertEqual(self.destination.tags("m/single")["1.0"], made["single"][-1].id)

    def test_each_mirror_of_a_file_takes_its_own_lines_of_a_plan(self):
        other = self.start(Serving)
        lines = ["version: 1", "mirrors:"]
        for end, name in ((self.destination, "single"), (other, "team/base")):
            lines += [f"  - source: {self.source.host}", f"    destination: {end.host}", f"    repositories: [{name}]",
                      "    tags: ['1*']"]
        self.write("mirror.yaml", "\n".join(lines))
        words = ("mirror", "--config", "mirror.yaml")
        self.ok(*words, "--plan", "plan")
        plan = self.read("plan").decode()
        foreign = plan.splitlines()[0].replace(self.source.host, "other:5000")
        for line, saying in ((foreign, "which is none of the mirror file's"), ("single", "does not say")):
            self.write("wrong", plan + line + "\n")
            self.fails(2, *words, "--apply", "wrong", saying=[f"'wrong', line {plan.count(chr(10)) + 1}", saying])
        self.assertUntouched()
        # A mirror of which the plan has nothing is left alone.
        lines += [f"  - source: {self.source.host}", "    destination: 127.0.0.1:1"]
        self.write("mirror.yaml", "\n".join(lines))
        done = self.ok(*words, "--apply", "plan")
        self.assertEqual(sorted(line.split()[1] for line in done.out.splitlines()), ["single:1.0", "team/base:1.0"])
        self.assertEqual(list(self.destination.tags("single")), ["1.0"])
        self.assertEqual(list(other.tags("team/base")), ["1.0"])

    def test_shards_of_a_plan_cover_it_without_overlap(self):
        more = [f"app-{n}:1.0" for n in range(8)]
        for name in more:
            self.ok("tag", f"{self.source.host}/single:1.0", f"{self.source.host}/{name}")
        self.ok("mirror", *self.ends, "--plan", "plan")
        planned = [line for line in self.read("plan").decode().splitlines() if "team/app" not in line]
        self.write("plan", "\n".join(planned) + "\n# and looked at anew:\nteam/app\n")
        done = [self.ok("mirror", *self.ends, "--apply", "plan", "--shard", f"{i}/2").out.splitlines() for i in (1, 2)]
        self.assertEqual(sorted(line.split()[1] for line in sum(done, [])),
                         sorted(more + [f"{name}:{tag}" for name in self.made for tag in ("1.0", "latest")]))
        self.assertTrue(all(done))
        self.assertSame(self.made, self.destination)

    def test_a_plan_can_be_read_from_standard_input_or_a_pipe(self):
        self.ok("mirror", *self.ends, "--plan", "plan")
        piped = self.ok("mirror", *self.ends, "--apply", "-", stdin=self.read("plan"))
        self.assertEqual(len(piped.out.splitlines()), 6)
        self.assertSame(self.made, self.destination)
        other = self.start(Serving)
        self.ok("mirror", self.source.host, other.host, "--plan", "plan")
        os.mkfifo(self.path("pipe"))
        process = self.start_regctl("mirror", self.source.host, other.host, "--apply", "pipe")
        with open(self.path("pipe"), "wb") as pipe:
            pipe.write(self.read("plan"))
        out, err = process.communicate()
        self.assertEqual((process.returncode, len(out.splitlines())), (0, 6), err)

    def test_failures_of_a_plan_keep_its_actions_if_the_destination_cannot_be_listed(self):
        destination = self.start(FaultServer)
        ends = (self.source.host, destination.host)
        self.ok("mirror", *ends, "--include-tag", "1*", "--include", "single", "--plan", "plan")
        destination.control({"method": "GET", "path": "/tags", "action": "status", "status": 500})
        failed = self.regctl("mirror", *ends, "--apply", "plan", "--retry", "0", "--failures", "failures")
        self.assertEqual(failed.code, 5, failed.err)
        destination.control("clear")
        done = self.ok("mirror", *ends, "--apply", "failures")
        self.assertEqual([line.split()[1] for line in done.out.splitlines()], ["single:1.0"])

    def test_failures_of_a_plan_keep_its_actions_if_the_listing_is_interrupted(self):
        destination = self.start(FaultServer)
        ends = (self.source.host, destination.host)
        self.ok("mirror", *ends, "--include-tag", "1*", "--plan", "plan")
        destination.control({"method": "GET", "path": "/single/tags$", "action": "stall", "after": 0})
        seen = len(destination.log())
        process = self.start_regctl("mirror", *ends, "-j", "1", "--apply", "plan", "--failures", "failures")
        wait_for(lambda: any("/single/tags" in r["path"] for r in destination.log()[seen:]), "the listing that stalls")
        interrupt(process)
        _, err = process.communicate()
        self.assertEqual(process.returncode, 130, err)
        left = [json.loads(line) for line in self.read("failures").splitlines()]
        self.assertIn(("single", "1.0", "copy", "not done"),
                      [(r["source"], r["tag"], r["action"], r["outcome"]) for r in left])
        destination.control("clear")
        done = self.ok("mirror", *ends, "--apply", "failures")
        self.assertEqual(sorted(line.split()[1] for line in done.out.splitlines()),
                         sorted(f"{r['source']}:{r['tag']}" for r in left))

    def test_mirrors_with_the_same_ends_carry_out_each_line_once(self):
        self.write("mirror.yaml", json.dumps({"version": 1, "mirrors": [
            {"source": self.source.host, "destination": self.destination.host, "repositories": names}
            for names in (["single"], ["team/*"])]}))
        words = ("mirror", "--config", "mirror.yaml")
        self.ok(*words, "--plan", "plan")
        done = self.ok(*words, "--apply", "plan", "--report", "report")
        self.assertEqual(sorted(line.split()[1] for line in done.out.splitlines()),
                         sorted(f"{name}:{tag}" for name in self.made for tag in ("1.0", "latest")))
        self.assertEqual((self.summary()["copied"], self.summary()["kept"]), (6, 0))
        self.assertSame(self.made, self.destination)

    def test_outputs_must_go_to_different_files(self):
        for flags in (("--report", "lines", "--failures", "./lines"), ("--report", "lines", "--plan", "./lines"),
                      ("--plan", "./lines", "--failures", "lines"), ("--report", "lines", "--state", "./lines"),
                      ("--report", "lines", "--metrics-file", "./lines")):
            for is_there in (False, True):
                if is_there:
                    self.write("lines", "of before\n")
                self.fails(2, "mirror", *self.ends, *flags, saying=["'./lines'", "name another file for one of them"])
                self.assertEqual(os.path.exists(self.path("lines")) and self.read("lines"),
                                 is_there and b"of before\n")
            os.remove(self.path("lines"))
        self.mirror(*self.ends, "--report", "/dev/null", "--failures", "/dev/null")

    def test_an_invalid_line_of_a_plan_is_an_error_before_any_work(self):
        self.write("config.yml", "single\n\n# a remark\nversion: 0.1\n")
        for flag in ("--apply", "--repositories-from"):
            self.fails(6, "mirror", *self.ends, flag, "config.yml",
                       saying="'config.yml', line 4 is neither a record nor the name of a repository")
        self.assertUntouched()


class Prune(MirrorCase):
    def setUp(self):
        super().setUp()
        self.source, self.destination = self.start(Serving), self.start(Serving)
        make_archive(self.path("app.tar"), ["base"], 100)
        self.image = f"{self.source.host}/team/app"
        self.ok("push", "app.tar", f"{self.image}:1")
        for tag in range(2, 21):
            self.ok("tag", f"{self.image}:1", f"{self.image}:{tag}")
        self.mirror(self.source, self.destination)

    def tags(self):
        return sorted(self.destination.tags("team/app"), key=int)

    def test_tags_gone_from_the_source_are_removed_within_the_limit(self):
        self.ok("rm", "--yes", f"{self.image}:20")
        self.mirror(self.source, self.destination)
        self.assertIn("20", self.tags())
        shown = self.mirror(self.source, self.destination, "--prune", "--dry-run")
        self.assertRegex(shown.out, "\ndelete +team/app:20 ")
        self.assertIn("20", self.tags())
        done = self.mirror(self.source, self.destination, "--prune")
        self.assertIn("deleted team/app:20", done.out)
        self.assertEqual(self.tags(), [str(n) for n in range(1, 20)])

    def test_a_plan_removes_its_tags_but_no_protected_one(self):
        for tag in (19, 20):
            self.ok("rm", "--yes", f"{self.image}:{tag}")
        self.mirror(self.source, self.destination, "--prune", "--plan", "plan")
        words = ("mirror", self.source.host, self.destination.host, "--apply", "plan")
        self.fails(2, *words, "--prune-limit", "0%", saying="--prune-limit is a rule")
        self.fails(2, *words, "--include", "x*", saying="--include is a rule")
        self.assertEqual(len(self.tags()), 20)
        self.ok(*words, "--protect", "19")
        self.assertEqual(self.tags(), [str(n) for n in range(1, 20)])

    def test_a_tag_protected_in_the_file_stays_even_if_a_plan_removes_it(self):
        for tag in (19, 20):
            self.ok("rm", "--yes", f"{self.image}:{tag}")
        ends = {"source": self.source.host, "destination": self.destination.host}
        self.write("mirror.yaml", json.dumps({"version": 1, "mirrors": [{**ends, "prune": {"limit": 1}}]}))
        self.ok("mirror", "--config", "mirror.yaml", "--plan", "plan")
        self.write("mirror.yaml", json.dumps({"version": 1, "mirrors": [
            {**ends, "prune": {"limit": 1}, "protect": ["19"]}]}))
        self.ok("mirror", "--config", "mirror.yaml", "--apply", "plan")
        self.assertEqual(self.tags(), [str(n) for n in range(1, 20)])

    def test_removals_beyond_the_limit_need_yes_and_protected_tags_stay(self):
        for tag in (15, 16, 17, 18, 19, 20):
            self.ok("rm", "--yes", f"{self.image}:{tag}")
        for more in ([], ["--dry-run"]):
            refused = self.mirror(self.source, self.destination, "--prune", *more)
            self.assertIn("team/app: 15, 16, 17, … are only at the destination, but not pruned: 6 of 20 tags are "
                          "more than --prune-limit allows without --yes\n", refused.err)
        self.assertEqual(len(self.tags()), 20)
        self.mirror(self.source, self.destination, "--prune", "--yes", "--protect", "2*")
        self.assertEqual(self.tags(), [str(n) for n in range(1, 15)] + ["20"])

    def test_nothing_is_removed_if_the_source_is_empty_or_a_copy_fails(self):
        self.ok("rm", "--yes", f"{self.image}:20")
        broken = make_archive(self.path("new.tar"), ["broken"], 100)
        self.ok("push", "new.tar", f"{self.image}:21")
        self.source.files.remove(f"images/{broken[0].id}/layer")
        failed = self.regctl("mirror", self.source.host, self.destination.host, "--prune")
        self.assertNotEqual(failed.code, 0)
        self.assertIn("team/app: 20 is only at the destination, but not pruned: another tag", failed.err)
        self.assertIn("20", self.tags())
        for tag in [*range(1, 20), 21]:
            self.ok("rm", "--yes", f"{self.image}:{tag}")
        self.mirror(self.source, self.destination, "--prune", "--yes")
        self.assertEqual(len(self.tags()), 20)

    def test_nothing_is_removed_if_the_source_cannot_read_a_tag(self):
        self.ok("rm", "--yes", f"{self.image}:20")
        self.source.files.write("repositories/team/app/tag_1", b"no ID")
        for source in (self.source.host, self.source.place):
            for rules in ([], ["--exclude-tag", "1"]):  # what is not wanted makes the listing no better
                with self.subTest(source, rules=rules):
                    done = self.regctl("mirror", source, self.destination.host, "--prune", "--yes", "--all", *rules)
                    self.assertEqual(done.code, 0 if rules else 10, done.err)
                    self.assertIn("not pruned: the source cannot read its tag 1", done.err)
                    self.assertEqual(len(self.tags()), 20)

    def test_nothing_is_removed_if_the_listing_of_all_tags_lacks_an_id(self):
        """docker-registry-server (npm) lists the tags of all repositories at once."""
        source = self.start(FaultServer)
        image = Image("base", 100)
        client = Client(source.host)
        client.push("team/app", "1", image)
        client.close()
        self.ok("tag", f"{self.destination.host}/team/app:1", f"{self.destination.host}/team/app:gone")
        for listed in (None, "none", 5, ["x"], {"x": "y"}):
            with self.subTest(listed):
                source.control("clear")
                source.control({"method": "GET", "path": "/v1/repositories$", "action": "status", "status": 200,
                                "body": json.dumps({"team/app:1": image.id, "team/app:20": listed, "error": "x"})})
                failed = self.regctl("mirror", source.host, self.destination.host, "--prune", "--yes", "--all")
                self.assertEqual(failed.code, 10, failed.err)
                self.assertIn(f"{source.host}/team/app:20 is listed, but cannot be read", failed.err)
                self.assertIn("not pruned: the source cannot read its tag 20", failed.err)
                self.assertNotIn("error", failed.out)
                self.assertEqual(len(self.destination.tags("team/app")), 21)

    def test_nothing_is_removed_if_a_tag_has_changed_since_the_plan(self):
        other = make_archive(self.path("new.tar"), ["other"], 100)
        self.ok("push", "new.tar", f"{self.image}:new")
        self.ok("tag", f"{self.image}:new", f"{self.image}:1")
        self.ok("rm", "--yes", f"{self.image}:20")
        ends = (self.source.host, self.destination.host)
        self.ok("mirror", *ends, "--prune", "--yes", "--plan", "plan")
        self.ok("push", "new.tar", f"{self.destination.host}/team/app:new")
        self.ok("rm", "--yes", f"{self.destination.host}/team/app:1")
        failed = self.regctl("mirror", *ends, "--apply", "plan", "--report", "report")
        self.assertEqual(failed.code, 10, failed.err)
        self.assertIn("team/app:1 is not what it was when the plan was made", failed.err)
        tags = self.destination.tags("team/app")
        self.assertIn("20", tags)
        self.assertEqual(tags["new"], other[-1].id)
        spared = [r for r in self.report() if r["type"] == "tag" and r["tag"] == "20"]
        self.assertEqual([(r["outcome"], r["reason"]) for r in spared],
                         [("skipped", "not pruned: another tag of the repository failed")])


class SeveralMirrors(MirrorCase):
    def file(self, *mirrors):
        """A mirror file; JSON is YAML."""
        self.write("mirror.yaml", json.dumps({"version": 1, "mirrors": [
            {"source": source, "destination": destination, **rules} for source, destination, rules in mirrors]}))

    def test_two_sources_for_one_repository_are_refused(self):
        one, other, destination = self.start(Serving), self.start(Serving), self.start(Serving)
        self.fill(one, ("team/app", "team/base"))
        self.fill(other, ("team/own", "team/app"))
        self.file((one.host, destination.host, {}), (other.host, destination.host, {"prune": {"limit": 1}}))
        for _ in range(2):
            failed = self.regctl("mirror", "--config", "mirror.yaml", "--report", "report")
            self.assertEqual(failed.code, 10, failed.err)
            self.assertIn(f"docker://{destination.host}/team/app is mirrored from docker://{one.host}/team/app, "
                          f"not from docker://{other.host}/team/app as well", failed.err)
            self.assertEqual(destination.tags("team/app"), one.tags("team/app"))
            self.assertEqual(destination.tags("team/own"), other.tags("team/own"))
        self.assertEqual((self.summary()["kept"], self.summary()["updated"]), (6, 0))

    def test_one_repository_may_be_mirrored_by_several_rules(self):
        source, destination = self.start(Serving), self.start(Serving)
        made = self.fill(source)
        self.file((source.host, destination.host, {"tags": ["latest"]}),
                  (f"{source.host}/team/", f"{destination.host}/team/", {"rename": [{"from": "team/*", "to": "$1"}]}),
                  (f"{source.host}/single", destination.host, {}))
        self.ok("mirror", "--config", "mirror.yaml")
        self.assertSame(made, destination)

    def test_a_mirror_that_cannot_begin_is_reported_and_can_be_applied_later(self):
        source, destination, other = self.start(Serving), self.start(Serving), self.start(Serving)
        made = self.fill(source)
        late, gone = self.place("late"), self.place("gone")
        self.file((late, other.host, {"tags": ["1*"]}), (source.host, destination.host, {}),
                  (gone, destination.host, {}))
        words = ("mirror", "--config", "mirror.yaml")
        failed = self.regctl(*words, "--quiet", "--failures", "failures", "--report", "report")
        self.assertEqual(failed.code, 10, failed.err)
        self.assertIn(f"regctl: {late} to docker://{other.host}: ", failed.err)
        self.assertIn(f"regctl: {gone} to ", failed.err)
        self.assertSame(made, destination)
        self.assertEqual([r["from"] for r in self.report("failures")], [late, gone])
        destination.forget_requests()
        self.ok("copy", f"{source.host}/single:1.0", f"{late}:single:1.0")
        self.ok("tag", f"{late}:single:1.0", "other")
        again = self.regctl(*words, "--apply", "failures", "--failures", "left")
        self.assertEqual(again.code, 10, again.err)
        self.assertRegex(again.out, r"^copied single:1.0 \w+\n$")
        self.assertEqual([r["from"] for r in self.report("left")], [gone])
        self.assertEqual([r for r in destination.requests() if "/tags" in r or r.endswith("/v1/_ping")], [])

    def test_mirrors_that_were_not_reached_can_be_applied_later(self):
        source, destination = self.start(Serving), self.start(Serving)
        made = self.fill(source)
        self.write("mirror.yaml", json.dumps({"version": 1, "defaults": {"fail_fast": True}, "mirrors": [
            {"source": self.place("gone"), "destination": destination.host},
            {"source": source.host, "destination": destination.host}]}))
        words = ("mirror", "--config", "mirror.yaml")
        failed = self.regctl(*words, "--failures", "failures", "--report", "report")
        self.assertEqual(failed.code, 3, failed.err)
        self.assertEqual([r["outcome"] for r in self.report("failures")], ["failed", "not done"])
        self.assertEqual(self.summary()["mirrors_not_done"], 1)
        self.write("left", self.read("failures").splitlines()[1])
        self.ok(*words, "--apply", "left")
        self.assertSame(made, destination)

    @not_in_bucket("a file in the place of the tree")
    def test_a_plan_keeps_its_lines_if_its_mirror_cannot_begin(self):
        """Tags excluded by the rules of the plan are not copied when its failures are applied."""
        source, destination = self.start(Serving), f"v1-storage:{self.path('tree')}"
        self.fill(source)
        self.ok("mirror", source.host, destination, "--include-tag", "1*", "--include", "single", "--plan", "plan")
        self.write("tree", "a file")
        failed = self.regctl("mirror", source.host, destination, "--apply", "plan", "--failures", "failures")
        self.assertNotIn(failed.code, (0, 10), failed.err)
        self.assertEqual([(r["type"], r["source"], r["tag"]) for r in self.report("failures")],
                         [("tag", "single", "1.0")])
        os.remove(self.path("tree"))
        done = self.ok("mirror", source.host, destination, "--apply", "failures")
        self.assertRegex(done.out, r"^copied single:1.0 \w+\n$")
        self.assertEqual(os.listdir(self.path("tree/repositories")), ["library"])

    def test_a_failed_mirror_with_rules_is_not_applied_without_them(self):
        gone, destination = self.place("gone"), self.start(Serving)
        self.assertEqual(self.regctl("mirror", gone, destination.host, "--failures", "plain").code, 3)
        self.fails(3, "mirror", gone, destination.host, "--apply", "plain", saying=self.path("gone"))
        self.fails(2, "mirror", self.start(Serving).host, destination.host, "--repositories-from", "plain",
                   saying="of a whole mirror")
        self.write("names", "single\n")
        for rule in (("--latest", "2"), ("--include", "single"), ("--repositories-from", "names")):
            failed = self.regctl("mirror", gone, destination.host, *rule, "--failures", "ruled")
            self.assertEqual(failed.code, 3, failed.err)
            self.fails(2, "mirror", gone, destination.host, "--apply", "ruled",
                       saying=["is a matter of rules", "mirror it again with its rules"])

    def test_settings_of_an_unused_registry_are_noted(self):
        self.write("mirror.yaml", json.dumps({
            "version": 1, "mirrors": [{"source": "old:5000", "destination": "new:5000"}],
            "registries": {"odl:5000": {"jobs": 1}, "new:5000": {"jobs": 1}}}))
        told = self.ok("mirror", "--config", "mirror.yaml", "--check").err
        self.assertIn("no mirror is from or to odl:5000", told)
        self.assertEqual(told.count("no mirror"), 1, told)

    def test_check_refuses_equal_ends_too(self):
        self.file(("old:5000", "old:5000", {}))
        self.fails(2, "mirror", "--config", "mirror.yaml", "--check", saying="source and destination are both")
        self.write("mirror.yaml", json.dumps({"version": 1, "defaults": {"report": "same", "failures": "same"},
                                              "mirrors": [{"source": "old:5000", "destination": "new:5000"}]}))
        self.fails(2, "mirror", "--config", "mirror.yaml", "--check", saying="'same' is to have the report")


class Failing(MirrorCase):
    def setUp(self):
        super().setUp()
        self.source, self.destination = self.start(FaultServer), self.start(Serving)
        self.made = self.fill(self.source)

    def test_a_broken_image_fails_and_the_run_goes_on(self):
        bad = self.made["team/app"][-1]
        self.source.control({"method": "GET", "path": f"{bad.id}/layer", "action": "corrupt", "at": 50})
        words = ("mirror", self.source.host, self.destination.host)
        failed = self.regctl(*words, "--report", "report")
        self.assertEqual(failed.code, 10, failed.err)
        self.assertIn("team/app:1.0: ", failed.err)
        self.assertSame({name: self.made[name] for name in ("team/base", "single")}, self.destination)
        with self.assertRaises(OSError):
            self.destination.get(f"/v1/images/{bad.id}/json")
        records = {r["source"] + ":" + r["tag"]: r for r in self.report() if r["type"] == "tag"}
        for tag in ("1.0", "latest"):
            record = records[f"team/app:{tag}"]
            self.assertEqual((record["outcome"], record["error"]["kind"]), ("failed", "integrity"))
        self.assertEqual((self.summary()["failed"], self.summary()["copied"]), (2, 4))

    def test_applying_failures_repeats_only_the_failed_tags(self):
        bad = self.made["team/app"][-1]
        self.source.control({"method": "GET", "path": f"{bad.id}/layer", "action": "corrupt", "at": 50})
        self.source.control({"method": "GET", "path": "/single/tags$", "action": "status", "status": 500})
        words = ("mirror", self.source.host, self.destination.host, "--retry", "0")
        failed = self.regctl(*words, "--failures", "failures")
        self.assertEqual(failed.code, 10, failed.err)
        # Two tags, and a repository whose tags are not known.
        self.assertEqual(sorted(self.failed_tags("failures")),
                         [("single", ""), ("team/app", "1.0"), ("team/app", "latest")])
        for flag in ("--apply", "--repositories-from"):
            self.fails(2, *words, flag, "failures", "--failures", "./failures", saying="overwritten before it is read")
        os.rename(self.path("failures"), self.path("first"))
        # As long as nothing is better, the same is left, in the same words.
        again = self.regctl(*words, "--apply", "first", "--failures", "failures")
        self.assertNotEqual(again.code, 0)
        self.assertEqual(sorted(self.failed_tags("failures")), sorted(self.failed_tags("first")))
        self.source.control("clear")
        for flag in ("--apply", "--repositories-from"):
            with self.subTest(flag):
                destination = self.start(Serving)
                lines = self.read("first").decode()  # which say of which mirror they are
                self.write("failures", lines.replace(self.destination.host, destination.host))
                seen = len(self.source.log())
                done = self.ok("mirror", self.source.host, destination.host, flag, "failures")
                self.assertEqual(sorted(line.split()[1] for line in done.out.splitlines()),
                                 ["single:1.0", "single:latest", "team/app:1.0", "team/app:latest"])
                self.assertSame({name: self.made[name] for name in ("team/app", "single")}, destination)
                self.assertEqual([r["path"] for r in self.source.log()[seen:] if "team/base" in r["path"]], [])
                self.assertEqual(self.ok("mirror", self.source.host, destination.host, flag, "failures").out, "")

    def failed_tags(self, name):
        """The repositories, or repositories and tags, in a file of failures."""
        for line in self.read(name).decode().splitlines():
            record = json.loads(line) if line.startswith("{") else {"source": line}
            yield record["source"], record.get("tag", "")

    def test_applying_failures_reads_an_unreadable_tag_again(self):
        words = ("mirror", self.source.host, self.destination.host)
        top = self.made["team/app"][-1].id
        tags = {"1.0": None, "latest": top, "gone": None}
        self.source.control({"method": "GET", "path": "/team/app/tags$", "action": "status", "status": 200,
                             "body": json.dumps(tags)})
        self.assertEqual(self.regctl(*words, "--failures", "first").code, 10)
        self.assertEqual(sorted(self.failed_tags("first")), [("team/app", "1.0"), ("team/app", "gone")])
        again = self.regctl(*words, "--apply", "first", "--failures", "second")
        self.assertEqual(again.code, 7, again.err)
        self.assertIn("team/app:1.0 is listed, but cannot be read", again.err)
        self.assertEqual(sorted(self.failed_tags("second")), sorted(self.failed_tags("first")))
        self.source.control("clear")
        self.source.control({"method": "GET", "path": "/team/app/tags$", "action": "status", "status": 500})
        self.assertEqual(self.regctl(*words, "--retry", "0", "--apply", "second", "--failures", "third").code, 5)
        self.assertEqual(sorted(self.failed_tags("third")), sorted(self.failed_tags("first")))
        self.source.control("clear")
        done = self.ok(*words, "--apply", "third", "--report", "report")
        self.assertRegex(done.out, "^copied team/app:1.0 [0-9a-f]{12}\n$")
        self.assertEqual({(r["tag"], r["outcome"], r["reason"]) for r in self.report() if r["type"] == "tag"},
                         {("1.0", "copied", "mended at the source"), ("gone", "skipped", "gone from the source")})
        self.assertSame(self.made, self.destination)

    def test_a_repository_to_be_repeated_must_exist(self):
        for line in ("nosuch", json.dumps({"type": "repository", "source": "nosuch",
                                           "from": f"docker://{self.source.host}",
                                           "to": f"docker://{self.destination.host}"})):
            failed = self.regctl("mirror", self.source.host, self.destination.host, "--apply", "-",
                                 stdin=line.encode())
            self.assertEqual(failed.code, 3, failed.err)
            self.assertIn(f"nosuch: there is no repository nosuch at {self.source.host}\n", failed.err)

    def test_failures_are_printed_even_with_quiet(self):
        self.source.control({"method": "GET", "path": f"{self.made['team/app'][-1].id}/layer", "action": "corrupt",
                             "at": 50})
        failed = self.regctl("mirror", "-q", self.source.host, self.destination.host)
        self.assertEqual(failed.code, 10)
        self.assertIn("team/app:1.0", failed.err)
        self.assertRegex(failed.err, r"layer of image [0-9a-f]{12} has checksum [0-9a-f]{12}, not [0-9a-f]{12}\n")
        self.assertEqual(failed.err.count("\nregctl: hint: regctl audit"), 1)  # on a line of its own
        self.assertLessEqual(max(map(len, failed.err.splitlines())), 100)
        self.assertNotIn("repositories:", failed.err)  # the summary

    def test_the_summary_is_printed_even_if_the_report_cannot_be_written(self):
        done = self.regctl("mirror", self.source.host, self.destination.host, "--report", "/dev/full")
        self.assertEqual(done.code, 8)
        self.assertIn("6 tags copied", done.err)
        self.assertIn("cannot write '/dev/full'", done.err)
        self.fails(8, "mirror", self.source.host, self.destination.host, "--report", "nowhere/report",
                   saying="its folder does not exist")

    def test_two_signals_of_one_timeout_count_as_one(self):
        """timeout(1) signals the process and its group."""
        self.source.control({"method": "GET", "path": "/layer$", "action": "stall", "after": 1000})
        process = self.start_regctl("mirror", self.source.host, self.destination.host, "--report", "report")
        seen = len(self.source.log())
        wait_for(lambda: any(r["path"].endswith("/layer") for r in self.source.log()[seen:]), "a layer that stalls")
        interrupt(process)
        interrupt(process)
        _, err = process.communicate()
        self.assertEqual(process.returncode, 130, err)
        self.assertTrue(self.summary()["interrupted"])

    def test_an_unreachable_registry_is_tried_and_reported_once(self):
        many = [f"app-{n}" for n in range(20)]
        for name in many:
            self.ok("tag", f"{self.source.host}/single:1.0", f"{self.source.host}/{name}:1.0")
        silent = self.start(FaultServer)
        silent.control({"path": "_ping|/v2/", "action": "status", "status": 503})
        failed = self.regctl("mirror", self.source.host, silent.host, "--retry", "0", "--failures", "failures")
        self.assertEqual(failed.code, 5, failed.err)
        self.assertEqual(failed.err.count("cannot ping"), 2, failed.err)
        self.assertIn(f" and {len(many) + 2 - 10} more: cannot ping", failed.err)
        # Two protocols are asked for, and then the one that is taken when none can be told.
        self.assertLessEqual(len(silent.log()), 6)
        self.assertEqual(len(list(self.failed_tags("failures"))), len(many) + 3)
        silent.control("clear")
        self.ok("mirror", self.source.host, silent.host, "--apply", "failures")
        self.assertSame(self.made, silent)

    def test_a_registry_that_stops_answering_is_soon_asked_no_more(self):
        many = [f"app-{n}" for n in range(30)]
        for name in many:
            self.ok("tag", f"{self.source.host}/single:1.0", f"{self.source.host}/{name}:1.0")
        other = self.start(FaultServer)
        other.control({"method": "GET", "path": "/tags$", "action": "status", "status": 500})
        failed = self.regctl("mirror", self.source.host, other.host, "-j", "1", "--retry", "0",
                             "--failures", "failures")
        self.assertEqual(failed.code, 5, failed.err)
        self.assertIn(f"{other.host} did not answer for 10 repositories in a row", failed.err)
        self.assertEqual(len([r for r in other.log() if r["path"].endswith("/tags")]), 10)
        self.assertEqual(len(list(self.failed_tags("failures"))), len(many) + 3)
        # Those that are out of order by themselves end nothing.
        other.control("clear")
        for name in many[::2]:
            other.control({"method": "GET", "path": f"/{name}/tags$", "action": "status", "status": 500})
        failed = self.regctl("mirror", self.source.host, other.host, "-j", "1", "--retry", "0",
                             "--failures", "failures")
        self.assertEqual(failed.code, 10, failed.err)
        self.assertEqual(sorted({name for name, _ in self.failed_tags("failures")}), sorted(many[::2]))

    def test_failures_with_one_cause_exit_with_its_code(self):
        self.source.control({"method": "GET", "path": "/layer", "action": "corrupt", "at": 50})
        failed = self.regctl("mirror", self.source.host, self.destination.host)
        self.assertEqual(failed.code, 7, failed.err)
        self.source.stop()
        self.fails(5, "mirror", "--retry", "0", self.source.host, self.destination.host)

    def test_missing_ancestry_is_rebuilt_and_noted(self):
        self.source.control({"method": "GET", "path": "/ancestry", "action": "status", "status": 404})
        done = self.mirror(self.source, self.destination)
        self.assertIn("rebuilt from the images' parents", done.err)
        self.assertSame(self.made, self.destination)

    def test_fail_fast_stops_and_reports_what_was_not_done(self):
        self.source.control({"method": "GET", "path": "/json$", "action": "status", "status": 404})
        failed = self.regctl("mirror", "-j", "1", self.source.host, self.destination.host, "--fail-fast",
                             "--report", "report")
        self.assertEqual(failed.code, 3, failed.err)
        summary = self.summary()
        self.assertEqual(summary["failed"], 1)
        self.assertGreater(summary["repositories_not_done"] + summary["not_done"], 0)

    def test_ctrl_c_ends_a_run_within_a_second_and_the_next_run_goes_on(self):
        self.source.control({"method": "GET", "path": "/layer", "action": "stall", "after": 100, "times": 3})
        process = self.start_regctl("mirror", self.source.host, self.destination.host, "--report", "report")
        wait_for(lambda: self.source.log("GET", "/layer"), "the first layer")
        interrupt(process)
        _, err = process.communicate(timeout=10)
        self.assertEqual(process.returncode, 130, err)
        summary = self.summary()
        self.assertTrue(summary["interrupted"])
        self.assertEqual(summary["not_done"] + 2 * summary["repositories_not_done"], 6)
        self.source.control("clear")
        self.mirror(self.source, self.destination)
        self.assertSame(self.made, self.destination)


class VerifiedDestination(MirrorCase):
    """--verify-destination looks at what the destination has, and sends again what is gone or wrong."""

    def setUp(self):
        super().setUp()
        self.source = self.start(Serving)
        self.made = self.fill(self.source)
        self.tree, self.stored = self.place("tree"), self.tree_files("tree")

    def updated(self, *options):
        self.ok("mirror", "--report", "report", self.source.host, self.tree, *options)
        return {(one["source"], one["tag"]): one["reason"] for one in self.report()
                if one["type"] == "tag" and one["outcome"] == "updated"}

    def test_what_is_wrong_in_a_tree_is_sent_again(self):
        self.assertEqual(self.updated(), {})
        changed, cut, gone = self.stored.names("images")[:3]
        layer = self.stored.read(f"images/{changed}/layer")
        self.stored.write(f"images/{changed}/layer", layer[:30] + b"damaged" + layer[37:])
        self.stored.write(f"images/{cut}/layer", self.stored.read(f"images/{cut}/layer")[:20])
        self.stored.remove_folder(f"images/{gone}")
        self.assertEqual(self.updated(), {})
        updated = self.updated("--verify-destination")
        self.assertEqual(set(updated.values()), {"damaged at the destination"})
        self.assertEqual(sum(one.get("images", 0) for one in self.report() if one["type"] == "tag"), 3)
        self.ok("audit", "--deep", self.tree)
        self.assertEqual(self.updated("--verify-destination"), {})

    def test_a_registry_is_asked_once_for_each_image(self):
        """Also for those that the tags of several repositories share."""
        there = self.start(Serving)
        self.mirror(self.source, there)
        there.forget_requests()
        self.mirror(self.source, there, "--verify-destination")
        asked = [line for line in there.requests() if line.endswith("/json")]
        self.assertEqual(sorted(asked), sorted({f"GET /v1/images/{layer.id}/json"
                                                for layers in self.made.values() for layer in layers}))

    def test_a_plan_shows_what_would_be_sent_again(self):
        self.updated()
        self.stored.remove_folder(f"images/{self.stored.names('images')[0]}")
        words = "mirror", "--verify-destination", self.source.host, self.tree
        done = self.ok(*words, "--dry-run")
        self.assertRegex(done.out, "N/A +N/A +damaged at the destination\n")
        self.ok(*words, "--plan", "plan")
        self.ok("mirror", self.source.host, self.tree, "--apply", "plan")
        self.ok("audit", "--deep", self.tree)


if __name__ == "__main__":
    main()
