#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Large documents of peers, planted files of other users, and lack of memory."""

import http.client
import io
import json
import os
import resource
import signal
import subprocess
import sys
import tarfile
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import trees  # noqa: E402
from harness import REGCTL, RegctlServer, TestCase, main, make_archive, wait_for  # noqa: E402

MIB = 1024 * 1024
ANOTHER = 54321  # a user who is nobody here
ID = "%064x"
ENDS = {0, *range(2, 11)}  # the documented exit codes but that of a bug


def limit_memory(size):
    return lambda: resource.setrlimit(resource.RLIMIT_AS, (size, size))


class Hostile(TestCase):
    def run_limited(self, size, *words):
        return subprocess.run([REGCTL, *words], cwd=self.folder, env=self.environment({}), capture_output=True,
                              preexec_fn=limit_memory(size), check=False)

    def needs_limits(self):
        if self.run_limited(1024 * MIB, "version").returncode != 0:
            self.skipTest("this build needs more address space than can be limited")

    @staticmethod
    def cpu_s():
        """The processor time of all child processes that have ended."""
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime

    def write_tar(self, name, files):
        with tarfile.open(self.path(name), "w") as tar:
            for entry, data in files.items():
                info = tarfile.TarInfo(entry)
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))

    def write_archive(self, name, manifest):
        self.write_tar(name, {"manifest.json": manifest})

    def assert_linear(self, work, most):
        """Eight times the work takes about eight times the processor time, not sixty-four times. This holds for every
        build and on a busy machine."""
        took = []
        for number in (most // 8, most):
            begun = self.cpu_s()
            work(number)
            took.append(self.cpu_s() - begun)
        self.assertLess(took[1], 24 * took[0] + 0.1, took)

    def test_a_document_of_very_many_members_is_read_in_linear_time(self):
        def push_and_list(number):
            members = ",".join(f'"{n:x}":{n}' for n in range(number)).encode()
            server = self.start(RegctlServer)
            answer = server.ask("PUT", f"/v1/images/{ID % 1}/json", b'{"id":"%s",%s}' % ((ID % 1).encode(), members))
            self.assertEqual(answer.status, 200)
            self.assertEqual(server.end(), 0)
            self.write_archive("wide.tar", b"[{" + members + b"}]")
            self.fails(6, "images", "wide.tar", saying="manifest.json[0].Config is missing")

        self.assert_linear(push_and_list, 24_000)  # looked up one by one: minutes

    def test_a_document_of_very_many_values_is_refused(self):
        self.write_archive("many.tar", b"[" + b"{}," * 1_000_000 + b"{}]")
        self.fails(6, "images", "many.tar", saying="has more than 500000 values")

    def test_very_many_tags_of_one_image_are_read_in_linear_time(self):
        def list_images(number):
            tags = {f"t{n}": ID % 1 for n in range(number)}
            self.write_tar("tags.tar", {"repositories": json.dumps({"app": tags}).encode(),
                                        f"{ID % 1}/json": b'{"id":"%s"}' % (ID % 1).encode(),
                                        f"{ID % 1}/layer.tar": b"\0" * 1024})
            self.assertEqual(len(self.ok("images", "tags.tar", "--format", "json").json), number)

        self.assert_linear(list_images, 16_000)

    def test_an_index_that_names_indexes_over_and_over_is_read_once(self):
        def index(child):
            return json.dumps({"manifests": [{"digest": f"sha256:{ID % child}"}] * 2000}).encode()

        self.write_tar("bomb.tar", {"index.json": index(0), **{f"blobs/sha256/{ID % level}": index(level + 1)
                                                               for level in range(4)}})
        begun = self.cpu_s()
        self.fails(6, "images", "bomb.tar", saying="holds no image")
        self.assertLess(self.cpu_s() - begun, 20)  # read as often as named: 2000 * 2000 * 2000 times

    def test_errors_quote_only_a_part_of_a_document(self):
        for document in (b"[" + b"1" * 2_000_000 + b"x]", b'{"' + b"k" * 2_000_000, b"[" * 2_000_000):
            self.write_archive("wrong.tar", document)
            failed = self.fails(6, "images", "wrong.tar")
            self.assertLess(len(failed.err), 600)

    def test_a_server_goes_on_after_running_out_of_memory(self):
        self.needs_limits()
        server = self.start(RegctlServer)
        wide = "[" + ",".join(f'{{"id":"{ID % n}"}}' for n in range(180_000)) + "]"  # 14 MiB
        deep = '{"id":"%s","x":[%s]}' % (ID % 7, ",".join(["[]"] * 300_000))
        with open(f"/proc/{server.process.pid}/status", encoding="ascii") as status:
            used = next(int(line.split()[1]) for line in status if line.startswith("VmSize")) * 1024
        resource.prlimit(server.process.pid, resource.RLIMIT_AS, (used + 100 * MIB, used + 100 * MIB))
        statuses = []

        def send(number):
            path, body = ((f"/v1/repositories/team/app{number}/", wide) if number % 2 else
                          (f"/v1/images/{ID % 7}/json", deep))
            try:
                statuses.append(server.ask("PUT", path, body).status)
            except (OSError, http.client.HTTPException):  # closed: there was not even memory for an answer
                statuses.append(0)

        threads = [threading.Thread(target=send, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertLessEqual(set(statuses), {0, 200, 409, 503})
        self.assertIsNone(server.process.poll(), server.errors())
        self.assertEqual(server.ask("GET", "/v1/_ping").status, 200)

    def test_a_command_with_little_memory_ends_with_an_error(self):
        self.needs_limits()
        make_archive(self.path("good.tar"), ["a", "b"])
        self.write_archive("wide.tar", b"[" + b"[0]," * 240_000 + b"{}]")
        for words in (["images", "wide.tar"], ["images", "good.tar"], ["mirror", "good.tar", self.place("tree")]):
            codes = set()
            for size in range(16, 160, 5):
                ended = self.run_limited(size * MIB, *words)
                if ended.returncode == 127 and b"shared librar" in ended.stderr:
                    continue  # the loader's error: the program has not begun
                codes.add(ended.returncode)
                self.assertIn(ended.returncode, ENDS, (words, size, ended.stderr))
                if ended.returncode != 0:
                    self.assertTrue(ended.stderr, (words, size))
            self.assertTrue(codes)

    def plant(self, name, target=None):
        """Puts another user's link or file into a folder that every user can write to."""
        if os.geteuid() != 0:
            self.skipTest("only root can give files away")
        os.makedirs(self.path("open"), exist_ok=True)
        os.chmod(self.path("open"), 0o1777)
        path = self.path(os.path.join("open", name))
        if target is None:
            self.write(os.path.join("open", name), "theirs")
        else:
            os.symlink(self.path(target), path)
        os.lchown(path, ANOTHER, ANOTHER)
        return path

    def test_planted_links_and_files_are_not_written(self):
        server = self.start(RegctlServer)
        image = f"{server.host}/team/app:1.0"
        make_archive(self.path("app.tar"), ["a"])
        self.ok("push", "app.tar", image)
        self.write("precious", "precious")
        store = trees.location(self.path("store"))
        for number, path in enumerate((self.plant("link", "precious"), self.plant("file"))):
            for words in (["pull", image, path], ["layer", "get", image, "-o", path],
                          ["mirror", server.host, self.place("tree"), "--report", path],
                          ["mirror", server.host, self.place("tree"), "--failures", path],
                          ["mirror", server.host, self.place("tree"), "--plan", path],
                          ["serve", "--listen", "127.0.0.1:0", "--storage", store, "--port-file", path],
                          ["serve", "--listen", "127.0.0.1:0", "--storage", store, "--access-log", path]):
                failed = self.regctl(*words)
                self.assertEqual((failed.code, "by another user (UID 54321)" in failed.err), (8, True),
                                 (number, words, failed.err))
        self.assertEqual((self.read("precious"), self.read("open/file")), (b"precious", b"theirs"))
        os.symlink(self.path("precious"), self.path("open/own"))
        self.ok("pull", image, "open/own")
        self.assertNotEqual(self.read("precious"), b"precious")

    def test_a_planted_link_is_not_read(self):
        self.write("secret", json.dumps({"registries": {}}))
        failed = self.fails(8, "--config", self.plant("config", "secret"), "ping", "127.0.0.1:1", "--retry", "0")
        self.assertIn("by another user", failed.err)

    def test_an_output_may_be_a_pipe_or_a_device(self):
        server = self.start(RegctlServer)
        make_archive(self.path("app.tar"), ["a"])
        self.ok("push", "app.tar", f"{server.host}/team/app:1.0")
        os.mkfifo(self.path("pipe"))
        process = self.start_regctl("mirror", server.host, self.place("tree"), "--report", "pipe",
                                    "--failures", "/dev/null")
        with open(self.path("pipe"), "rb") as pipe:
            lines = pipe.read().splitlines()
        self.assertEqual(process.wait(), 0, process.communicate())
        self.assertEqual(json.loads(lines[-1])["type"], "summary")

    def test_the_first_interrupt_ends_a_wait_for_a_pipe(self):
        os.mkfifo(self.path("pipe"))
        make_archive(self.path("app.tar"), ["a"])
        for words in (["push", "pipe", "127.0.0.1:1/app"],
                      ["mirror", "app.tar", self.place("tree"), "--report", "pipe"],
                      ["--config", "pipe", "ping", "127.0.0.1:1"]):
            process = self.start_regctl(*words)
            wait_for(lambda: self.sleeps(process.pid), "the command to wait")
            process.send_signal(signal.SIGINT)
            self.assertEqual(process.wait(), 130, (words, process.communicate()))

    @staticmethod
    def sleeps(pid):
        """Whether the process has installed its SIGINT handler and is waiting."""
        with open(f"/proc/{pid}/status", encoding="ascii") as file:
            status = dict(line.split(":", 1) for line in file)
        handled = int(status["SigCgt"].strip(), 16) & 1 << signal.SIGINT - 1
        return handled and status["State"].strip().startswith("S")

    def test_a_state_that_is_not_a_file_is_noted_and_left_alone(self):
        server = self.start(RegctlServer)
        make_archive(self.path("app.tar"), ["a"])
        self.ok("push", "app.tar", f"{server.host}/team/app:1.0")
        os.mkfifo(self.path("state"))
        done = self.ok("mirror", server.host, self.place("tree"), "--state", "state")
        self.assertIn("is not a regular file", done.err)


if __name__ == "__main__":
    main()
