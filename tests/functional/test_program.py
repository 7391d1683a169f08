#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The program as a process: signals, pipes, full disks, many tags, memory."""

import gzip
import io
import json
import os
import resource
import signal
import subprocess
import sys
import tarfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import REGCTL, FaultServer, TestCase, interrupt, main, make_archive, wait_for  # noqa: E402

MIB = 1024 * 1024


class Program(TestCase):
    def setUp(self):
        super().setUp()
        self.server = self.start(FaultServer)
        self.layers = make_archive(self.path("app.tar"), ["a", "b", "c"], 300_000)
        self.image = f"{self.server.host}/team/app:1.0"

    def left_behind(self):
        return sorted(f for f in os.listdir(self.folder) if f.startswith(".") or f.endswith((".part", ".tmp")))

    def stalled_pull(self, *words):
        """A pull that hangs in the middle of a layer."""
        self.ok("push", "app.tar", self.image)
        self.server.control({"method": "GET", "path": f"{self.layers[1].id}/layer$", "action": "stall",
                             "after": 1000})

        def asked():
            return len([r for r in self.server.log("GET", "/layer") if self.layers[1].id in r["path"]])

        before = asked()
        process = self.start_regctl("pull", *words, self.image, "out.tar")
        wait_for(lambda: asked() > before, "the layer to be asked for")
        return process

    def test_a_signal_ends_the_program_within_a_second_and_leaves_nothing(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number):
                process = self.stalled_pull()
                process.send_signal(number)
                _, err = process.communicate(timeout=30)
                self.assertEqual(process.returncode, 130, err)
                self.assertIn(b"interrupted", err)
                self.assertFalse(os.path.exists(self.path("out.tar")))
                self.assertEqual(self.left_behind(), [])
                self.server.control("clear")

    def test_a_signal_ends_the_wait_before_a_retry(self):
        self.ok("push", "app.tar", self.image)
        self.server.control({"method": "GET", "path": "/tags$", "action": "status", "status": 503,
                             "retry_after": 500})
        process = self.start_regctl("tags", f"{self.server.host}/team/app")
        wait_for(lambda: self.server.log("GET", "/tags"), "the request")
        interrupt(process)
        process.communicate(timeout=30)
        self.assertEqual(process.returncode, 130)

    def test_a_killed_push_is_finished_by_the_next_one(self):
        self.server.control({"method": "PUT", "path": f"{self.layers[2].id}/layer$", "times": 1,
                             "action": "stall", "after": 0})
        process = self.start_regctl("push", "app.tar", self.image)
        wait_for(lambda: [r for r in self.server.log("PUT", "/layer") if self.layers[2].id in r["path"]],
                 "the layer to arrive")
        process.kill()
        process.communicate()
        self.assertEqual(self.server.log("PUT", "/tags/1.0"), [])
        self.ok("push", "app.tar", self.image)
        self.ok("pull", self.image, "out.tar")
        with tarfile.open(self.path("out.tar")) as archive:
            for layer in self.layers:
                self.assertEqual(archive.extractfile(f"{layer.id}/layer.tar").read(), layer.data)

    def test_a_killed_pull_leaves_no_file(self):
        process = self.stalled_pull()
        process.kill()
        process.communicate()
        self.assertFalse(os.path.exists(self.path("out.tar")))
        self.assertEqual(self.left_behind(), [])

    def many_tags(self, count):
        self.ok("push", "app.tar", self.image)
        tags = {f"v{i}": self.layers[-1].id for i in range(count)}
        self.server.control({"method": "GET", "path": "/tags$", "action": "body", "text": json.dumps(tags)})

    def test_ten_thousand_tags_are_listed(self):
        self.many_tags(10_000)
        repository = f"{self.server.host}/team/app"
        self.assertEqual(len(self.ok("tags", repository).out.splitlines()), 10_000)
        rows = self.ok("images", repository, "--format", "json").json
        self.assertEqual(len(rows), 10_000)
        # One image has one JSON, however many tags name it.
        asked = [r for r in self.server.log("GET", "/json") if self.layers[-1].id in r["path"]]
        self.assertLess(len(asked), 20)

    def test_a_closed_pipe_on_standard_output_is_no_error(self):
        self.many_tags(10_000)
        process = self.start_regctl("tags", f"{self.server.host}/team/app")
        self.assertEqual(process.stdout.readline(), b"v0\n")
        process.stdout.close()
        err = process.stderr.read()
        self.assertEqual(process.wait(), 0, err)
        self.assertEqual(err, b"")
        process.stderr.close()

    def test_a_full_disk_is_an_error(self):
        self.ok("push", "app.tar", self.image)
        with open("/dev/full", "wb") as full:
            for words in (["tags", f"{self.server.host}/team/app"], ["pull", self.image, "-"],
                          ["layer", "get", self.image]):
                with self.subTest(words):
                    done = subprocess.run([REGCTL, *words], stdout=full, stderr=subprocess.PIPE,
                                          env=self.environment({}), check=False)
                    self.assertEqual(done.returncode, 8, done.stderr)
                    self.assertIn(b"No space left on device", done.stderr)

    def test_a_closed_standard_stream_is_an_error(self):
        self.ok("push", "app.tar", self.image)
        closed_in = "cannot read the archive on stdin: Bad file descriptor"
        closed_out = "cannot write standard output: Bad file descriptor"
        rows = (("<&-", ["push", "-", self.image], closed_in),
                ("<&-", ["images", "-"], closed_in),
                (">&-", ["ping", self.server.host], closed_out),
                (">&-", ["pull", self.image, "-"], "cannot write the archive to stdout: Bad file descriptor"),
                ("<&- >&-", ["pull", "-q", self.image, "out.tar"], closed_out),
                (">&- 2>&-", ["pull", "-q", self.image, "out.tar"], ""),
                ("<&- >&- 2>&-", ["ping", self.server.host], ""))
        for closed, words, said in rows:
            with self.subTest((closed, words)):
                done = subprocess.run(["sh", "-c", f'exec "$@" {closed}', "sh", REGCTL, *words],
                                      stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                      cwd=self.folder, env=self.environment({}), timeout=60, check=False)
                self.assertEqual(done.returncode, 8, done.stderr)
                self.assertIn(said, done.stderr.decode())

    def test_a_file_over_the_size_limit_is_an_error_and_is_removed(self):
        self.ok("push", "app.tar", self.image)
        process = subprocess.run(
            [REGCTL, "pull", self.image, "out.tar"], cwd=self.folder, env=self.environment({}),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
            preexec_fn=lambda: (signal.signal(signal.SIGXFSZ, signal.SIG_IGN),
                                resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))))
        self.assertEqual(process.returncode, 8, process.stderr)
        self.assertFalse(os.path.exists(self.path("out.tar")))
        self.assertEqual(self.left_behind(), [])

    def test_an_archive_truncated_at_any_byte_is_refused(self):
        whole = self.read("app.tar")
        for size in [*range(0, 20_000, 512), len(whole) // 2, len(whole) - 12_000]:
            self.write("cut.tar", whole[:size])
            result = self.regctl("tags", "cut.tar")
            self.assertIn(result.code, (6, 7), f"cut to {size}: {result.err}{result.out}")

    def test_hostile_archives_are_refused_naming_the_entry(self):
        def archive(*members):
            with tarfile.open(self.path("bad.tar"), "w") as out:
                for name, kind, link in members:
                    info = tarfile.TarInfo(name)
                    info.type, info.linkname = kind, link
                    out.addfile(info)

        rows = (
            ([("../etc/passwd", tarfile.REGTYPE, "")], "leads out of the archive"),
            ([("/etc/passwd", tarfile.REGTYPE, "")], "leads out of the archive"),
            ([("a/../../b", tarfile.REGTYPE, "")], "leads out of the archive"),
            ([("x", tarfile.SYMTYPE, "../../etc/passwd")], "leads out of the archive"),
            ([("x", tarfile.SYMTYPE, "/etc/passwd")], "leads out of the archive"),
            ([("manifest.json", tarfile.SYMTYPE, "manifest.json")], "form a loop"),
            ([("manifest.json", tarfile.REGTYPE, "")] * 2, "two entries named"),
            ([("n" * 5000, tarfile.REGTYPE, "")], "longer than 4096"),
            ([("file", tarfile.REGTYPE, "")], "holds no image"),
        )
        for members, words in rows:
            with self.subTest(words):
                archive(*members)
                self.fails(6, "tags", "bad.tar", saying=[words, "bad.tar"])

    def test_a_compression_bomb_is_refused_before_the_disk_is_full(self):
        """Zeros take no disk space, in any amount; a terabyte of other bytes is not written."""
        def packed(fill, size):
            """An archive whose layer claims so many bytes but holds only the first 300 MiB."""
            info = tarfile.TarInfo("0" * 64 + "/layer.tar")
            info.size = size
            with open(self.path("bomb.tar.zst"), "wb") as out:
                packer = subprocess.Popen(["zstd", "-q", "--long=27"], stdin=subprocess.PIPE, stdout=out)
                try:
                    packer.stdin.write(info.tobuf())
                    for _ in range(300):
                        packer.stdin.write(fill * (1024 * 1024))
                finally:
                    packer.stdin.close()
                self.assertEqual(packer.wait(), 0)

        packed(b"x", 1 << 40)
        self.fails(6, "tags", "bomb.tar.zst", saying=["unpacks to more than 200 times its size", "unpack it first"])
        packed(b"\0", 1 << 40)
        self.fails(6, "tags", "bomb.tar.zst", saying="ends in the middle of an entry")

    def test_a_fault_of_an_archive_is_not_reported_as_a_usage_error(self):
        def archive(**files):
            with tarfile.open(self.path("bad.tar"), "w") as out:
                for name, data in files.items():
                    info = tarfile.TarInfo(name)
                    info.size = len(data)
                    out.addfile(info, io.BytesIO(data))

        with tarfile.open(self.path("app.tar")) as good:
            files = {member.name: good.extractfile(member).read() for member in good}
        archive(**{**files, "repositories": json.dumps({"bad name": {"1": self.layers[-1].id}}).encode()})
        self.fails(6, "images", "bad.tar", saying=["'bad.tar'", '"bad name:1"', "no name of an image"])
        archive(**{"manifest.json": b'[{"Config": "../../etc/passwd", "Layers": []}]'})
        self.fails(6, "images", "bad.tar",
                   saying=['manifest.json[0].Config "../../etc/passwd" leads out of the archive'])
        self.write("image.json", b"{}")
        self.fails(6, "layer", "put", f"{self.server.host}/a", "image.json", "app.tar",
                   saying="while reading 'image.json'")

    def test_an_archive_shows_one_name_for_an_image(self):
        with tarfile.open(self.path("app.tar")) as good:
            files = {member.name: good.extractfile(member).read() for member in good}
        top = self.layers[-1].id
        files["repositories"] = json.dumps({"a/b": {"1": top}, "docker.io/library/c": {"2": top},
                                            "docker.io/a/b": {"1": top}, "h:1/d": {"3": top}}).encode()
        with tarfile.open(self.path("names.tar"), "w") as out:
            for name, data in files.items():
                info = tarfile.TarInfo(name)
                info.size = len(data)
                out.addfile(info, io.BytesIO(data))
        names = ["a/b:1", "c:2", "h:1/d:3"]
        self.assertEqual(self.ok("tags", "names.tar").out.split(), names)
        rows = self.ok("images", "names.tar", "--format", "json").json
        self.assertEqual([row["repository"] + ":" + row["tag"] for row in rows], names)

    def test_an_empty_archive_is_reported_as_empty(self):
        self.write("empty.tar", b"")
        words = [" is empty", "hint: did the command that writes it fail?"]
        self.fails(6, "images", "empty.tar", saying=["'empty.tar'", *words])
        self.fails(6, "push", "-", f"{self.server.host}/x", saying=["the archive on stdin", *words])
        self.write("empty.tgz", gzip.compress(b""))
        self.fails(6, "images", "empty.tgz", saying=words)

    def test_only_the_needed_files_of_an_archive_are_unpacked(self):
        """The limit of file sizes is smaller than the unpacked data."""
        def images(source):
            return subprocess.run(
                [REGCTL, "images", source], cwd=self.folder, env=self.environment({}),
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, timeout=60,
                preexec_fn=lambda: (signal.signal(signal.SIGXFSZ, signal.SIG_IGN),
                                    resource.setrlimit(resource.RLIMIT_FSIZE, (2 * MIB, 2 * MIB))))

        zeros = bytes(64 * MIB)
        self.write("behind.tgz", gzip.compress(self.read("app.tar") + zeros, 1))
        done = images("behind.tgz")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(b"team/app", done.stdout)

        # Neither a second file of a name nor what is no file.
        with tarfile.open(self.path("twice.tgz"), "w:gz", compresslevel=1) as out:
            for name, kind, data in (("x", tarfile.REGTYPE, b"."), ("x", tarfile.REGTYPE, zeros),
                                     ("y", b"Z", zeros)):
                info = tarfile.TarInfo(name)
                info.type, info.size = kind, len(data)
                out.addfile(info, io.BytesIO(data))
        done = images("twice.tgz")
        self.assertEqual(done.returncode, 6, done.stderr)
        self.assertIn(b"holds no image", done.stderr)

        done = images("/dev/zero")
        self.assertEqual(done.returncode, 6, done.stderr)
        self.assertIn(b"without a single entry", done.stderr)

    def peak_mib(self, *words):
        """Peak memory of the program. A small process starts it, since a child begins with its parent's peak."""
        script = ("import resource, subprocess, sys; code = subprocess.call(sys.argv[1:], stdout=2);"
                  "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss); sys.exit(code)")
        done = subprocess.run([sys.executable, "-c", script, REGCTL, *words], cwd=self.folder,
                              env=self.environment({}), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return int(done.stdout) / 1024

    def test_memory_does_not_grow_with_the_size_of_a_layer(self):
        # A bar for tests, far above what is used and far below what is moved; tests/bench measures.
        if "asan" in REGCTL or "tsan" in REGCTL:
            limit = 600
        else:
            limit = 48
        make_archive(self.path("large.tar"), ["large"], 96 * MIB)
        for words in (["push", "large.tar", f"{self.server.host}/team/large:1"],
                      ["pull", f"{self.server.host}/team/large:1", "got.tar"]):
            self.assertLess(self.peak_mib(*words), limit)

    def test_control_characters_from_a_server_are_made_visible(self):
        self.ok("push", "app.tar", self.image)
        evil = "x\x1b]0;owned\x07\x1b[2J"
        self.server.control({"method": "GET", "path": "/search", "action": "body", "text": json.dumps(
            {"results": [{"name": evil, "description": evil}]})})
        self.server.control({"method": "GET", "path": "/tags$", "action": "body", "text": json.dumps(
            {evil: self.layers[0].id})})
        for words in (["search", self.server.host], ["tags", f"{self.server.host}/team/app"],
                      ["images", f"{self.server.host}/team/app"], ["inspect", self.image]):
            with self.subTest(words):
                result = self.regctl(*words)
                self.assertNotIn("\x1b", result.out + result.err)
                self.assertNotIn("\x07", result.out + result.err)

    def test_a_registry_without_search_is_reported_as_such(self):
        for mode in ("off", "empty"):
            with self.subTest(mode):
                server = self.start(FaultServer, "--search", mode)
                self.fails(9, "search", server.host, saying="search is off")
                self.fails(9, "images", server.host, saying="search is off")

    def test_a_host_that_is_no_registry_is_an_error(self):
        self.server.control({"path": "/_?ping|/v2/", "action": "status", "status": 404})
        self.fails(6, "ping", self.server.host, saying="not as a Docker registry")

    def test_a_web_server_with_a_page_for_everything_is_no_registry(self):
        server = self.start(FaultServer, faults=[
            {"path": "", "action": "status", "status": 200, "body": "<html>Welcome</html>"}])
        self.fails(6, "ping", server.host, saying="not as a Docker registry")
        self.fails(6, "tags", f"{server.host}/team/app", saying="not as a Docker registry")
        self.assertEqual(len(server.log("GET", "/v1/_ping")), 2)  # once each

    def test_a_registry_is_recognised_by_json_or_by_a_header(self):
        for rule in ({"action": "headers", "drop": ["X-Docker-Registry-Version",
                                                    "X-Docker-Registry-Standalone"]},
                     {"action": "body", "text": "pong"}):
            with self.subTest(rule):
                self.server.control({"path": "/v1/_ping", **rule})
                self.assertIn("speaks v1", self.ok("ping", self.server.host).out)
                self.server.control("clear")

    def test_a_missing_folder_for_a_result_is_not_reported_as_a_missing_image(self):
        self.ok("push", "app.tar", self.image)
        for words in (["pull", self.image, "nodir/out.tar"], ["layer", "get", self.image, "-o", "nodir/layer"]):
            with self.subTest(words):
                self.fails(8, *words, saying=["cannot create 'nodir/", "No such file", "make it first"])

    def test_quiet_prints_results_only(self):
        result = self.ok("push", "-q", "app.tar", self.image)
        self.assertEqual(result.err, "")
        self.assertIn("team/app:1.0", result.out)


if __name__ == "__main__":
    main()
