#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Real engines as peers of protocol v2, with distribution between them and regctl: what each pushed is copied,
mirrored and exported, and what regctl pushed each pulls. `scripts/test --nightly` installs them."""

import json
import os
import stat
import sys
import tarfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "functional"))
from engines import Containerd, DockerEngine, Podman  # noqa: E402
from flattened import Files  # noqa: E402
from harness import DATA, main  # noqa: E402
from test_convert import FORMS, PARTIAL, ConvertCase, read_golden  # noqa: E402
from v2_case import V2Case  # noqa: E402
from v2_images import image, index  # noqa: E402

DOCKERFILE = """FROM scratch
COPY a /a
LABEL purpose=test
COPY b /folder/b
ENV WHO=me
CMD ["/a"]
"""


def files_of(path):
    """What a tar file of a file system has, but for what an engine lays into every container."""
    laid = ("", ".", "dev", "etc", "proc", "sys", ".dockerenv")
    with tarfile.open(path) as tar:
        return {member.name.strip("/"): (member.type, member.mode & 0o7777, member.uid, member.gid, member.linkname,
                                         tar.extractfile(member).read() if member.isreg() else b"")
                for member in tar if member.name.strip("/").partition("/")[0] not in laid}


class Engines(V2Case):
    def setUp(self):
        super().setUp()
        self.context = self.path("context")
        os.mkdir(self.context)
        # New in each test: engines know contents that they had before. The first is several gzip members long.
        for name, data in (("Dockerfile", DOCKERFILE), ("a", os.urandom(700_000)), ("b", self.id())):
            self.write(os.path.join("context", name), data)
        self.source, self.target = self.distribution(), self.distribution()
        self.there = f"{self.source.host}/team/app:1.0"
        self.here = f"{self.target.host}/team/app:1.0"

    def assertSameFiles(self, one, other):
        ours, theirs = files_of(self.path(one)), files_of(self.path(other))
        self.assertEqual({name: (file, theirs.get(name)) for name, file in ours.items()
                          if file != theirs.get(name)}, {})
        self.assertEqual(theirs.keys() - ours.keys(), set())

    def moved(self, expected_tags=("1.0",)):
        """Mirrors the source into the target, and checks that nothing became another."""
        self.ok("mirror", "-q", self.source.host, self.target.host)
        tags = self.tags_of(self.target, "team/app")
        self.assertEqual(set(tags), set(expected_tags))
        self.assertEqual(tags, self.tags_of(self.source, "team/app"))
        self.ok("verify", "--deep", self.source.host, self.target.host)
        again = self.ok("mirror", "--format", "json", self.source.host, self.target.host).out
        self.assertEqual(json.loads(again.splitlines()[-1])["copied"], 0, again)
        return tags

    def test_what_docker_pushes_is_mirrored_and_pulled_by_it(self):
        engine = self.start(DockerEngine)
        engine.run("build", "-q", "-t", self.there, self.context)
        engine.run("push", self.there)
        self.moved()
        before = engine.facts(self.there)
        engine.run("rmi", self.there)
        engine.run("pull", self.here)
        self.assertEqual(engine.facts(self.here), before)
        engine.export(self.here, self.path("engine.tar"))
        self.ok("export", self.here, "regctl.tar")
        self.assertSameFiles("regctl.tar", "engine.tar")

    def test_an_image_goes_from_docker_to_v2_and_back_without_a_registry_of_its_own(self):
        engine = self.start(DockerEngine)
        engine.run("build", "-q", "-t", "team/app:1.0", self.context)
        before = engine.facts("team/app:1.0")
        self.ok("push", "docker-daemon:team/app:1.0", self.there, env=engine.environment)
        engine.run("rmi", "team/app:1.0")
        engine.run("pull", self.there)
        self.assertEqual(engine.facts(self.there), before)
        self.ok("pull", self.there, "docker-daemon:back:1", env=engine.environment)
        self.assertEqual(engine.facts("back:1"), before)

    def test_what_podman_and_buildah_push_is_mirrored_and_pulled_by_all(self):
        podman, docker, containerd = Podman(self.folder), self.start(DockerEngine), self.start(Containerd)
        for form in ("oci", "docker"):
            name = f"{self.source.host}/team/app:{form}"
            podman.run("buildah", "bud", "--layers=false", "--format", form, "-t", name, "-f",
                       os.path.join(self.context, "Dockerfile"), self.context)
            podman.run("podman", "push", "--tls-verify=false", name)
        tags = self.moved(("oci", "docker"))
        for form in ("oci", "docker"):
            with self.subTest(form):
                here = f"{self.target.host}/team/app:{form}"
                podman.run("podman", "pull", "--tls-verify=false", here)
                self.assertEqual(podman.facts(here), podman.facts(f"{self.source.host}/team/app:{form}"))
                docker.run("pull", here)
                self.assertEqual(docker.facts(here)[1:], podman.facts(here)[1:])
                containerd.pull(here)
                self.assertEqual(containerd.digest(here), tags[form])

    def test_an_index_is_made_of_what_was_pushed_and_pulled_by_all(self):
        podman, docker, containerd = Podman(self.folder), self.start(DockerEngine), self.start(Containerd)
        names = []
        for machine in ("amd64", "arm64"):
            names.append(f"{self.source.host}/team/app:{machine}")
            podman.run("buildah", "bud", "--layers=false", "--arch", machine, "-t", names[-1], "-f",
                       os.path.join(self.context, "Dockerfile"), self.context)
            podman.run("buildah", "push", "--tls-verify=false", names[-1])
        self.ok("index", "make", self.there, *names)
        tags = self.moved(("amd64", "arm64", "1.0"))
        containerd.pull(self.here, "--all-platforms")
        self.assertEqual(containerd.digest(self.here), tags["1.0"])
        docker.run("pull", self.here)
        podman.run("podman", "pull", "--tls-verify=false", "--arch", "arm64", self.here)
        image = json.loads(podman.run("podman", "image", "inspect", self.here))[0]
        self.assertEqual(image["Architecture"], "arm64")

    def test_what_containerd_pushes_is_mirrored(self):
        podman, containerd = Podman(self.folder), self.start(Containerd)
        podman.run("buildah", "bud", "--layers=false", "-t", "localhost/app:1", "-f",
                   os.path.join(self.context, "Dockerfile"), self.context)
        podman.run("podman", "save", "--format", "oci-archive", "-o", self.path("app.tar"), "localhost/app:1")
        containerd.run("image", "import", "--no-unpack", "--index-name", self.there, self.path("app.tar"))
        containerd.run("image", "push", "--plain-http", self.there)
        tags = self.moved()
        containerd.run("image", "rm", self.there)
        containerd.pull(self.here)
        self.assertEqual(containerd.digest(self.here), tags["1.0"])

    def test_converted_images_are_pulled_by_all(self):
        with tarfile.open(os.path.join(DATA, "tree-pushed.tar.gz")) as archive:
            archive.extractall(self.path("v1"))
        tree = "v1-storage:" + self.path("v1")
        podman, docker, containerd = Podman(self.folder), self.start(DockerEngine), self.start(Containerd)
        for form in ("oci", "docker"):
            place = f"{self.target.host}/{form}/"
            # One image of the tree was never pushed to its end.
            result = self.regctl("mirror", "-q", "--to-format", form, tree, place)
            self.assertEqual(result.code, PARTIAL, result.err)
            rows = self.ok("images", "--format", "json", place).json
            self.assertGreater(len(rows), 5)
            for row in rows:
                name = f"{self.target.host}/{row['repository']}:{row['tag']}"
                with self.subTest(name):
                    podman.run("podman", "pull", "-q", "--tls-verify=false", name)
                    docker.run("pull", "-q", name)
                    self.assertEqual([fact or None for fact in docker.facts(name)[1:]], list(podman.facts(name)[1:]))
                    containerd.pull(name)
                    self.assertEqual(containerd.digest(name), row["id"])
                    docker.export(name, self.path("engine.tar"))
                    # The v1 chain itself, flattened: the conversion is not asked about itself.
                    old = row["repository"].removeprefix(form + "/") + ":" + row["tag"]
                    self.ok("export", f"{tree}:{old}", "regctl.tar")
                    self.assertSameFiles("regctl.tar", "engine.tar")


class Archives(V2Case):
    """Several images that share layers, in archives of docker save that regctl wrote, and those that engines make of
    them."""

    def setUp(self):
        super().setUp()
        self.source, self.there = self.distribution(), self.distribution()
        self.repository = f"{self.source.host}/team/app"
        base = image(self.id(), 2, 5_000)
        for tag in ("1.0", "2.0"):
            self.push(self.source, "team/app", tag, image(f"{self.id()} {tag}", 1, 5_000, base))
        self.push(self.source, "team/app", "same", image(f"{self.id()} 1.0", 1, 5_000, base))
        self.names = {tag: f"{self.repository}:{tag}" for tag in ("1.0", "2.0", "same")}
        self.ok("copy", "--all-tags", self.repository, f"docker-archive:{self.path('ours.tar')}")

    def manifest(self, name):
        return json.loads(self.ok("manifest", "get", name).out)

    def ids(self):
        """Of the images, as engines have them: the digests of their configs."""
        return {tag: self.manifest(name)["config"]["digest"] for tag, name in self.names.items()}

    def back(self, place, folder):
        """Brings what lies at place(tag) to a registry; returns the digests there, and those of the configs."""
        digests, configs = {}, {}
        for tag in self.names:
            name = f"{self.there.host}/{folder}/app:{tag}"
            self.ok("copy", place(tag), name)
            digests[tag] = self.assertComplete(self.there, f"{folder}/app", tag)
            configs[tag] = self.manifest(name)["config"]["digest"]
        self.ok("verify", "--deep", f"{self.there.host}/{folder}/app")
        return digests, configs

    def test_podman_loads_them_and_saves_them_in_all_its_forms(self):
        podman = Podman(self.folder)
        podman.run("podman", "load", "-q", "-i", self.path("ours.tar"))
        for tag, identity in self.ids().items():
            loaded = json.loads(podman.run("podman", "image", "inspect", self.names[tag]))[0]
            self.assertEqual("sha256:" + loaded["Id"], identity)
        podman.run("podman", "save", "-q", "-m", "--format", "docker-archive", "-o", self.path("docker.tar"),
                   *self.names.values())
        self.assertEqual(self.back(lambda tag: f"docker-archive:docker.tar:{self.names[tag]}", "docker")[1], self.ids())
        for tag, name in self.names.items():
            podman.run("podman", "save", "-q", "--format", "oci-archive", "-o", self.path(f"{tag}.tar"), name)
            podman.run("podman", "save", "-q", "--format", "oci-dir", "-o", self.path(f"folder-{tag}"), name)
        # It writes the configs anew.
        written = {tag: json.loads(self.read(f"folder-{tag}/index.json"))["manifests"][0]["digest"]
                   for tag in self.names}
        self.assertEqual(self.back(lambda tag: f"oci-archive:{tag}.tar", "oci")[0], written)
        self.assertEqual(self.back(lambda tag: f"oci:folder-{tag}", "folder")[0], written)

    def test_containerd_imports_them_and_exports_them_with_their_digests(self):
        """It keeps manifests and layers as they are."""
        containerd = self.start(Containerd)
        expected = self.tags_of(self.source, "team/app")
        containerd.run("image", "import", "--snapshotter", "native", self.path("ours.tar"))
        self.assertEqual({tag: containerd.digest(name) for tag, name in self.names.items()}, expected)
        # Of what it imported it has a manifest.json itself, without names.
        for number, options in enumerate(((), ("--skip-manifest-json",))):
            containerd.run("image", "export", *options, self.path(f"{number}.tar"), *self.names.values())
            for kind, name in (("docker-archive", self.names.get), ("oci-archive", str)):
                with self.subTest(kind=kind, options=options):
                    place = lambda tag, start=f"{kind}:{number}.tar:", name=name: start + name(tag)  # noqa: E731
                    self.assertEqual(self.back(place, f"{kind}-{number}")[0], expected)

    def test_containerd_imports_an_index_and_exports_it_with_its_digest(self):
        containerd = self.start(Containerd)
        both = self.push(self.source, "team/app", "both", index([
            image(self.id() + " amd64"), image(self.id() + " arm64", architecture="arm64")]))
        self.ok("copy", f"{self.repository}:both", f"oci-archive:{self.path('index.tar')}:both")
        containerd.run("image", "import", "--no-unpack", "--all-platforms", "--base-name", self.repository,
                       self.path("index.tar"))
        self.assertEqual(containerd.digest(f"{self.repository}:both"), both.digest)
        containerd.run("image", "export", "--all-platforms", self.path("theirs.tar"), f"{self.repository}:both")
        self.ok("copy", "oci-archive:theirs.tar:both", f"{self.there.host}/team/app:both")
        self.assertEqual(self.assertComplete(self.there, "team/app", "both"), both.digest)

    def test_docker_loads_them_and_saves_them(self):
        engine = self.start(DockerEngine)
        engine.run("load", "-q", "-i", self.path("ours.tar"))
        for tag, identity in self.ids().items():
            self.assertEqual(json.loads(engine.run("image", "inspect", self.names[tag]))[0]["Id"], identity)
        engine.run("save", "-o", self.path("theirs.tar"), *self.names.values())
        self.assertEqual(self.back(lambda tag: f"docker-archive:theirs.tar:{self.names[tag]}", "docker")[1], self.ids())


# Of podman 4.3: what it hides of aufs, a time before 1970, and an image with GNU's sparse files, which it refuses.
OTHERWISE = {"odd/aufs-pseudo-link:1": {".wh..wh.plnk/12.34": "is missing"},
             "odd/base-256:1": {"wide": {"time": (-(1 << 28), 0)}}, "odd/sparse-gnu:1": None}


@unittest.skipUnless(os.geteuid() == 0, "owners and devices are for root to give")
class Unpacked(ConvertCase):
    def test_converted_images_have_the_files_of_their_chains(self):
        """As podman and buildah unpack them from a registry."""
        podman, registry = Podman(self.folder), self.distribution()
        for name in ("odd", "pushed"):
            tree = self.recorded(name)
            for form in FORMS:
                place = f"{registry.host}/{name}/{form}/"
                self.assertIn(self.regctl("mirror", "-q", "--to-format", form, tree.place, place).code, (0, PARTIAL))
                # Of equal images, one.
                images = {one.digest(form): one for one in read_golden(name) if not one.is_broken}
                for one in images.values():
                    with self.subTest(f"{name} {form} {one}"):
                        files = Files.of_chain(tree, one.image)
                        self.check(podman, f"{place}{one}", files, OTHERWISE.get(str(one), {}))

    def check(self, podman, name, files, otherwise):
        pull = "podman", "pull", "-q", "--tls-verify=false", name
        if otherwise is None:
            with self.assertRaisesRegex(AssertionError, "unhandled tar header type"):
                podman.run(*pull)
            return
        podman.run(*pull)
        for program, unpacked in (("podman", podman.mounted), ("buildah", podman.mounted_in_container)):
            with unpacked(name) as folder:
                # A folder gets the time at which the last layer changed it.
                found = files.differences(Files.of_folder(folder), but_for={stat.S_IFDIR: "time"})
                self.assertEqual(found, otherwise, program)
        podman.run("podman", "rmi", "-f", name)


if __name__ == "__main__":
    main()
