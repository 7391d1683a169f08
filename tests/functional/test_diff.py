#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""regctl diff: the tags that differ between two places, its requests, and its exit codes."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import (FaultServer, NpmServer, RegctlServer, TestCase, main, make_archive)  # noqa: E402


class Diff(TestCase):
    maxDiff = None

    def push(self, server, name, seeds, archive="image.tar"):
        layers = make_archive(self.path(archive), seeds, 500)
        self.ok("push", archive, f"{server.host}/{name}")
        return layers[-1].id

    def diff(self, a, b, *options, code=10):
        result = self.regctl("diff", getattr(a, "host", a), getattr(b, "host", b), "--format", "json", *options)
        self.assertEqual(result.code, code, result.err)
        return result.json

    def row(self, repository, tag, difference, a, b):
        return {"repository": repository, "tag": tag, "difference": difference, "a": a, "b": b,
                "error": None}


class Pairs(Diff):
    def test_missing_extra_and_different_tags_are_listed_in_order(self):
        for kind in (RegctlServer, NpmServer):
            with self.subTest(kind.__name__):
                a, b = self.start(RegctlServer), self.start(kind)
                for server in (a, b):
                    self.push(server, "team/same:1.0", ["base", "same"])
                one = self.push(a, "team/app:1.0", ["base", "one"])
                two = self.push(b, "team/app:1.0", ["base", "two"])
                gone = self.push(a, "team/app:2.0", ["base", "gone"])
                new = self.push(b, "zeta:3.0", ["base", "new"])
                self.assertEqual(self.diff(a, b), [
                    self.row("team/app", "1.0", "different", one, two),
                    self.row("team/app", "2.0", "missing", gone, None),
                    self.row("zeta", "3.0", "extra", None, new)])
                result = self.regctl("diff", a.host, b.host)
                self.assertEqual([line.split() for line in result.out.splitlines()], [
                    ["REPOSITORY", "TAG", "DIFFERENCE", "A", "B"],
                    ["team/app", "1.0", "different", one[:12], two[:12]],
                    ["team/app", "2.0", "missing", gone[:12], "-"],
                    ["zeta", "3.0", "extra", "-", new[:12]]])
                self.assertIn("3 repositories: 1 tag is the same, 1 missing, 1 extra, 1 different", result.err)
                for filters in (["--include", "team/same"], ["--exclude", "team/app", "--exclude", "zeta"],
                                ["--include-tag", "4.*"]):
                    self.assertEqual(self.diff(a, b, *filters, code=0), [])
                result = self.ok("diff", a.host, b.host, "--include", "team/same")
                self.assertEqual(result.out, "")
                self.assertIn("1 repository: no difference in 1 tag", result.err)
                self.assertEqual([row["tag"] for row in self.diff(a, b, "--exclude-tag", "1.*")], ["2.0", "3.0"])

    def test_places_of_every_kind_are_compared(self):
        a = self.start(RegctlServer)
        self.push(a, "team/app:1.0", ["base", "one"], "app.tar")
        self.push(a, "single:1.0", ["base"])
        tree = a.place
        self.assertEqual(self.diff(tree, a, code=0), [])
        self.assertEqual(self.diff(a, tree, code=0), [])
        self.assertEqual(self.diff("docker-archive:app.tar", a, "--include", "team/app", code=0), [])
        self.assertEqual(self.diff(f"{a.host}/team/app:1.0", f"{tree}:team/app", code=0), [])
        self.assertEqual([r["tag"] for r in self.diff(f"{a.host}/team/app", f"{a.host}/single")], ["1.0"])
        a.files.copy_to(self.path("copy")).remove("repositories/team/app/tag_1.0")
        self.assertEqual([r["difference"] for r in self.diff(a, self.place("copy"))], ["missing"])

    def test_a_namespace_is_compared_with_the_names_a_mirror_would_make(self):
        a, b = self.start(RegctlServer), self.start(RegctlServer)
        one = self.push(a, "team/app:1.0", ["base", "one"])
        self.push(a, "other/app:1.0", ["base", "one"])
        self.push(b, "old/team/app:1.0", ["base", "one"])
        self.assertEqual(self.diff(f"{a.host}/team/", f"{b.host}/old/", code=0), [])
        self.assertEqual(self.diff(a, f"{b.host}/old/"), [self.row("other/app", "1.0", "missing", one, None)])
        extra = self.push(b, "old/team/more:1.0", ["base", "two"])
        self.push(b, "old/elsewhere:1.0", ["base", "two"])
        self.assertEqual(self.diff(f"{a.host}/team/", f"{b.host}/old/"),
                         [self.row("team/more", "1.0", "extra", None, extra)])

    def test_a_tag_is_compared_with_that_of_a_repository(self):
        a = self.start(RegctlServer)
        one = self.push(a, "team/app:1.0", ["base", "one"])
        two = self.push(a, "team/other:1.0", ["base", "two"])
        self.assertEqual(self.diff(f"{a.host}/team/app:1.0", f"{a.host}/team/other"),
                         [self.row("team/app", "1.0", "different", one, two)])
        self.ok("tag", f"{a.host}/team/app:1.0", f"{a.host}/team/app:latest")
        app = f"{a.host}/team/app"
        self.assertEqual(self.diff(f"{app}:1.0", f"{app}:latest", code=0),  # the images that the two name
                         [{"kind": "layer", "name": row["name"], "difference": "same", "changes": row["changes"]}
                          for row in self.diff(f"{app}:1.0", f"{app}:1.0", code=0)])

    def test_repositories_without_tags_are_noted_in_one_line(self):
        trees = {}
        for name in ("a", "b"):
            trees[name] = self.place(name)
            make_archive(self.path("image.tar"), ["x"])
            self.ok("copy", "image.tar", f"{trees[name]}:team/app:1.0")
        for left in ("one", "two"):  # as pushes that failed leave them
            self.tree_files("b").write(f"repositories/team/{left}/_index_images", b"[]")
        told = f"2 repositories have no tag at {trees['b']}, as a push that failed leaves it: team/one, team/two"
        for words in (("diff", trees["a"], trees["b"]), ("verify", trees["a"], trees["b"]), ("verify", trees["b"])):
            with self.subTest(words):
                self.assertEqual(self.ok(*words).err.count(told), 1)
        self.assertNotIn("no tag at", self.ok("diff", trees["a"], trees["a"]).err)

    def test_an_unreadable_tag_is_never_equal(self):
        a = self.start(RegctlServer)
        one = self.push(a, "team/app:1.0", ["base", "one"])
        a.files.copy_to(self.path("copy")).write("repositories/team/app/tag_1.0", b"nonsense")
        copy = self.place("copy")
        self.assertEqual(self.diff(a, copy), [self.row("team/app", "1.0", "unreadable", one, None)])
        self.assertEqual(self.diff(copy, a), [self.row("team/app", "1.0", "unreadable", None, one)])


class Costs(Diff):
    def test_one_listing_and_one_request_for_each_repository_and_side(self):
        a, b = self.start(FaultServer), self.start(FaultServer)
        count = 70  # more than are listed at once
        make_archive(self.path("image.tar"), ["base"], 100)
        for server in (a, b):
            self.ok("push", "image.tar", f"{server.host}/team/app-0:1")
            for number in range(1, count):
                self.ok("tag", f"{server.host}/team/app-0:1", f"{server.host}/team/app-{number}:1")
        before = {server: len(server.log()) for server in (a, b)}
        self.assertEqual(self.diff(a, b, code=0), [])
        for server in (a, b):
            paths = [record["path"] for record in server.log()[before[server]:]]
            tags = [path for path in paths if path.endswith("/tags")]
            self.assertEqual((len(tags), len(set(tags))), (count, count))
            self.assertLessEqual(len(paths), count + 4, paths)  # a ping, a search, a listing


class Failures(Diff):
    def test_an_unreadable_repository_is_reported_and_the_others_are_compared(self):
        a, b = self.start(RegctlServer), self.start(FaultServer)
        for name in ("team/app", "team/bad", "team/last"):
            for server in (a, b):
                self.push(server, f"{name}:1.0", ["base", name])
        b.control({"method": "GET", "path": "team/bad/tags", "action": "status", "status": 500})
        rows = self.diff(a, b, "--retry", "0")
        self.assertEqual([(r["repository"], r["tag"], r["difference"]) for r in rows],
                         [("team/bad", None, "not looked at")])
        result = self.regctl("diff", a.host, b.host, "--retry", "0")
        self.assertEqual(result.code, 10)
        self.assertIn("regctl: team/bad: ", result.err)
        self.assertIn("1 repository not looked at", result.err)

    def test_if_nothing_can_be_read_the_exit_code_is_the_causes(self):
        a = self.start(RegctlServer)
        self.push(a, "team/app:1.0", ["base", "one"])
        self.fails(5, "diff", a.host, "127.0.0.1:1", "--retry", "0")
        self.fails(3, "diff", f"{a.host}/team/none", f"{a.host}/team/app", saying="there is no repository team/none")
        self.fails(3, "diff", f"{a.host}/team/app:7", f"{a.host}/team/app", saying="there is no tag")
        self.fails(3, "diff", a.host, self.place("none"))
        self.assertFalse(os.path.exists(self.path("none")))
        self.fails(2, "diff", a.host, f"{a.host}/team/app", saying="is one repository")
        self.fails(2, "diff", f"{a.host}/team/app", f"{a.host}/team/app:1.0", saying="is one tag")
        self.fails(9, "diff", "docker-daemon:app", a.host, saying="cannot look at the tags of docker-daemon:")

    def test_names_come_from_the_other_side_if_one_cannot_be_listed(self):
        a, b = self.start(RegctlServer), self.start(FaultServer, "--search", "off")
        one = self.push(a, "team/app:1.0", ["base", "one"])
        self.push(b, "team/other:1.0", ["base", "two"])
        for order in ((a, b, "missing"), (b, a, "extra")):
            result = self.regctl("diff", order[0].host, order[1].host, "--format", "json")
            self.assertEqual([(r["tag"], r["difference"], r["a"] or r["b"]) for r in result.json],
                             [("1.0", order[2], one)])
            self.assertIn(f"{b.host} has no listing: repositories that are only there are not seen", result.err)
        self.fails(9, "diff", b.host, b.host, saying=["search is off", "hint: name one repository"])


if __name__ == "__main__":
    main()
