#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Real engines as peers: Docker 20.10 or later, podman and buildah. `scripts/test --nightly` installs them.

Each engine has its own storage in the test's folder, and its process is ended by the test. No public registry is
used and no system service is started: images are built from scratch.
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from engines import DockerEngine, Podman, PodmanService  # noqa: E402
from harness import RegctlServer, TestCase, main  # noqa: E402

DOCKERFILE = """FROM scratch
COPY a /a
LABEL purpose=test
COPY b /folder/b
ENV WHO=me
CMD ["/a"]
"""


class Engines(TestCase):
    def setUp(self):
        super().setUp()
        self.registry = self.start(RegctlServer)
        self.context = self.path("context")
        os.mkdir(self.context)
        for name, data in (("Dockerfile", DOCKERFILE), ("a", "one"), ("b", "two")):
            self.write(os.path.join("context", name), data)

    def podman(self, program, *words):
        """podman or buildah with a storage in the test's folder."""
        return Podman(self.folder).run(program, *words)

    def podman_facts(self, name):
        return Podman(self.folder).facts(name)

    def whole_at_the_registry(self, name):
        self.ok("verify", "--deep", f"{self.registry.host}/{name}")
        return self.ok("inspect", f"{self.registry.host}/{name}").json

    def test_an_image_goes_from_an_engine_to_a_registry_and_back(self):
        engine = self.start(DockerEngine)
        engine.run("build", "-q", "-t", "team/app:1.0", self.context)
        there = f"{self.registry.host}/team/app:1.0"
        self.ok("push", "docker-daemon:team/app:1.0", there, env=engine.environment)
        self.assertEqual(self.whole_at_the_registry("team/app:1.0")["os"], "linux")
        self.ok("pull", there, "docker-daemon:back:1", env=engine.environment)
        self.assertEqual(engine.facts("back:1"), engine.facts("team/app:1.0"))
        rows = self.ok("images", "docker-daemon:back:1", "--format", "json", env=engine.environment).json
        self.assertEqual([(row["repository"], row["tag"]) for row in rows], [("back", "1")])
        again = self.ok("push", "docker-daemon:team/app:1.0", there, "--format", "json", env=engine.environment)
        self.assertEqual(again.json["images"], 0)
        self.fails(3, "push", "docker-daemon:none:1", there, env=engine.environment)

    def test_the_names_in_an_engine(self):
        docker = self.start(DockerEngine)
        docker.run("build", "-q", "-t", "team/app:1.0", self.context)
        podman = self.start(PodmanService)
        self.podman("buildah", "bud", "-q", "-t", "docker.io/team/app:1.0", "-f",
                    os.path.join(self.context, "Dockerfile"), self.context)
        for engine in (docker, podman):
            with self.subTest(type(engine).__name__):
                self.check_names(engine.environment)

    def check_names(self, there):
        def rows(place):
            return [(row["repository"], row["tag"], row["id"])
                    for row in self.ok("images", place, "--format", "json", env=there).json]

        (name, tag, image), = rows("docker-daemon:team/app")
        self.assertEqual((name, tag, len(image)), ("team/app", "1.0", 71))
        self.ok("tag", "docker-daemon:team/app:1.0", "stable", "docker-daemon:127.0.0.1:5000/other:2", env=there)
        self.ok("tag", "--id", image[7:], "docker-daemon:team/app:by-id", env=there)
        self.assertEqual(rows("docker-daemon:team/app"),
                         [("team/app", tag, image) for tag in ("1.0", "by-id", "stable")])
        self.assertEqual(rows("docker-daemon:127.0.0.1:5000/other"), [("127.0.0.1:5000/other", "2", image)])
        self.ok("rm", "docker-daemon:team/app:stable", env=there)
        self.ok("rm", "--repository", "--yes", "docker-daemon:team/app", env=there)
        self.assertEqual([row[:2] for row in rows("docker-daemon:")], [("127.0.0.1:5000/other", "2")])
        self.fails(3, "rm", "docker-daemon:team/app:1.0", env=there)
        self.fails(3, "tag", "docker-daemon:team/app:1.0", "docker-daemon:new", env=there)
        self.ok("rm", "docker-daemon:127.0.0.1:5000/other:2", env=there)
        self.assertEqual(rows("docker-daemon:"), [])

    def test_an_archive_of_an_engine_is_pushed_and_comes_back_for_it(self):
        engine = self.start(DockerEngine)
        engine.run("build", "-q", "-t", "team/app:1.0", self.context)
        engine.run("tag", "team/app:1.0", "team/app:stable")
        engine.run("save", "-o", self.path("saved.tar"), "team/app:1.0", "team/app:stable")
        self.ok("push", "--all-tags", "saved.tar", self.registry.host)
        self.assertEqual(self.ok("tags", f"{self.registry.host}/team/app").out.split(), ["1.0", "stable"])
        self.whole_at_the_registry("team/app:stable")
        self.ok("pull", "--all-tags", f"{self.registry.host}/team/app", "pulled.tar")
        engine.run("load", "-i", self.path("pulled.tar"))
        for tag in ("1.0", "stable"):
            self.assertEqual(engine.facts(f"{self.registry.host}/team/app:{tag}"), engine.facts("team/app:1.0"))
        # From a pipe, as a script has it.
        self.write("piped.tar", self.regctl("pull", f"{self.registry.host}/team/app:1.0", "-").out_bytes)
        engine.run("load", "-i", self.path("piped.tar"))

    def test_archives_of_podman_and_buildah_are_pushed_and_come_back_for_them_and_for_docker(self):
        engine = self.start(DockerEngine)
        for form in ("docker", "oci"):
            with self.subTest(form):
                name = f"localhost/{form}:1"
                self.podman("buildah", "bud", "--layers=false", "--timestamp", "0", "--format", form, "-t", name,
                            "-f", os.path.join(self.context, "Dockerfile"), self.context)
                archive = f"{form}.tar"
                self.podman("podman", "save", "--format", f"{form}-archive", "-o", self.path(archive), name)
                there = f"{self.registry.host}/team/{form}:1"
                self.ok("push", archive, there)
                self.whole_at_the_registry(f"team/{form}:1")
                self.ok("pull", there, f"back-{form}.tar")
                self.podman("podman", "load", "-i", self.path(f"back-{form}.tar"))
                layers, *rest = self.podman_facts(there)
                expected, *others = self.podman_facts(name)
                self.assertEqual(rest, others)
                engine.run("load", "-i", self.path(f"back-{form}.tar"))
                self.assertEqual(engine.facts(there)[1:3], (rest[0], rest[1]))
                self.assertEqual(engine.facts(there)[0], layers)
                self.assertLessEqual(set(expected), set(layers))

    def test_buildah_pushes_an_archive_that_is_pushed_on(self):
        container = self.podman("buildah", "from", "scratch")
        self.podman("buildah", "copy", container, os.path.join(self.context, "a"), "/a")
        self.podman("buildah", "commit", container, f"docker-archive:{self.path('committed.tar')}:team/made:2")
        self.ok("push", "committed.tar", self.registry.host)
        self.whole_at_the_registry("team/made:2")


if __name__ == "__main__":
    main()
