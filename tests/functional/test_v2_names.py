#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a name means where it has more parts than one, and what is written whole: tags with digests, layouts with
referrers, archives, single manifests, output that nobody reads."""

import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from harness import main  # noqa: E402
from v2_case import V2Case  # noqa: E402
from v2_images import Document, INDEX, artifact, image, index  # noqa: E402

USAGE, NOT_FOUND, UNSUPPORTED = 2, 3, 9


class Names(V2Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.there = cls.shared_distribution()

    def setUp(self):
        super().setUp()
        self.name = self._testMethodName.removeprefix("test_").replace("_", "-")
        self.place = f"{self.there.host}/{self.name}"
        self.image = self.push(self.there, self.name, "1.0", image("one"))
        self.other = image("other")

    def tags(self, name=""):
        return self.tags_of(self.there, self.name + name)

    def layout_with_signature(self):
        """A layout with one image, and what refers to it without a name."""
        signature = artifact(self.image, "app/sig")
        for blob in signature.all_blobs().values():
            self.there.push_blob(self.name, blob)
        self.write(self.path("m.json"), signature.bytes)
        self.ok("manifest", "put", f"{self.place}@{signature.digest}", "m.json")
        self.ok("copy", "--referrers", f"{self.place}:1.0", "oci:layout:1.0")
        with open(self.path("layout/index.json"), encoding="utf-8") as file:
            self.assertEqual(len(json.load(file)["manifests"]), 2)

    # --- a tag and a digest ---

    def test_a_copy_by_tag_and_digest_takes_the_tag(self):
        self.push(self.there, self.name + "-prod", "latest", self.other)
        self.ok("copy", f"{self.place}:1.0@{self.image.digest}", f"{self.place}-prod")
        self.assertEqual(self.tags("-prod"), {"latest": self.other.digest, "1.0": self.image.digest})
        self.ok("pull", f"{self.place}:1.0@{self.image.digest}")
        self.assertEqual(self.ok("tags", f"{self.name}_1.0.tar").out.strip(), f"{self.place}:1.0")

    def test_all_tags_of_a_digest_is_refused(self):
        for words in (("copy", "-a", f"{self.place}@{self.image.digest}", f"{self.place}-prod"),
                      ("pull", "-a", f"{self.place}@{self.image.digest}")):
            self.fails(USAGE, *words, saying="has a digest, but --all-tags wants all")

    def test_rm_of_a_tag_and_a_digest_is_refused(self):
        self.push(self.there, self.name, "rc", self.image)
        self.fails(USAGE, "rm", f"{self.place}:rc@{self.image.digest}", saying="names a tag and a digest")
        self.assertEqual(set(self.tags()), {"1.0", "rc"})

    def test_tag_prints_names_without_the_digest_of_the_source(self):
        done = self.ok("tag", f"{self.place}:1.0@{self.image.digest}", "rc")
        self.assertEqual(done.out.split()[0], f"{self.place}:rc")
        self.assertEqual(set(self.tags()), {"1.0", "rc"})

    def test_a_manifest_is_put_under_its_tag_and_its_digest(self):
        self.write(self.path("m.json"), self.image.bytes)
        self.ok("manifest", "put", f"{self.place}:new@{self.image.digest}", "m.json")
        self.assertEqual(self.tags(), {"1.0": self.image.digest, "new": self.image.digest})
        self.fails(USAGE, "manifest", "put", f"{self.place}:wrong@{self.other.digest}", "m.json")
        self.assertNotIn("wrong", self.tags())

    # --- what a layout lists without a name ---

    def test_referrers_in_a_layout_are_no_images_of_their_own(self):
        self.layout_with_signature()
        self.push(self.there, self.name + "-prod", "latest", self.other)
        self.ok("copy", "-a", "oci:layout", f"{self.place}-prod")
        self.assertEqual(self.tags("-prod"), {"latest": self.other.digest, "1.0": self.image.digest})
        self.ok("copy", "oci:layout", f"{self.place}-named:2")
        self.assertEqual(self.tags("-named"), {"2": self.image.digest})
        self.assertEqual(self.ok("tags", "oci:layout").out, "1.0\n")

    def test_a_referrer_that_is_alone_in_a_layout_is_its_image(self):
        signature = self.push(self.there, self.name, None, artifact(self.image, "app/sig"))
        self.ok("copy", f"{self.place}@{signature.digest}", f"oci:alone@{signature.digest}")
        self.ok("copy", "oci:alone", f"{self.place}-copy:sig")
        self.assertEqual(self.tags("-copy")["sig"], signature.digest)

    # --- archives are written whole ---

    def test_an_archive_takes_no_single_manifest_or_blob(self):
        self.ok("copy", f"{self.place}:1.0", "oci-archive:one.tar:1.0")
        self.write(self.path("m.json"), self.image.bytes)
        with open(self.path("one.tar"), "rb") as file:
            before = file.read()
        for words in (("manifest", "put", "oci-archive:one.tar:new"), ("blob", "put", "oci-archive:one.tar"),
                      ("manifest", "put", "docker-archive:one.tar")):
            self.fails(UNSUPPORTED, *words, "m.json", saying=("takes whole images alone", "oci:DIR"))
        with open(self.path("one.tar"), "rb") as file:
            self.assertEqual(file.read(), before)

    def test_an_archive_is_not_copied_over_itself(self):
        self.ok("copy", f"{self.place}:1.0", "oci-archive:one.tar:1.0")
        os.link(self.path("one.tar"), self.path("same.tar"))
        for target in ("oci-archive:one.tar:new", "oci-archive:./one.tar:new", "docker-archive:one.tar",
                       "oci-archive:same.tar"):
            self.fails(USAGE, "copy", "oci-archive:one.tar:1.0", target, saying="source and destination are both")
        self.assertEqual(self.ok("tags", "oci-archive:one.tar").out, "1.0\n")

    # --- single manifests ---

    def test_a_manifest_wants_what_it_names(self):
        lost = index([self.other])
        for place in ("oci:layout:1.0", f"{self.place}:lost"):
            for document, what in ((self.other, f"blob {self.other.document['config']['digest']}"),
                                   (lost, f"manifest {self.other.digest}")):
                self.write(self.path("m.json"), document.bytes)
                self.fails(NOT_FOUND, "manifest", "put", place, "m.json", saying=(what, "put it there first"))
        self.assertEqual(set(self.tags()), {"1.0"})

    # --- indexes ---

    def test_add_keeps_what_else_an_index_says(self):
        notes = {"org.opencontainers.image.source": "https://example.com"}
        both = index([self.image], annotations=notes, artifactType="app/set")
        self.push(self.there, self.name, "all", both)
        self.push(self.there, self.name, "arm", image("arm", architecture="arm64"))
        self.ok("index", "add", f"{self.place}:all", f"{self.place}:arm")
        document = json.loads(self.ok("manifest", "get", f"{self.place}:all").out)
        self.assertEqual((document["annotations"], document["artifactType"], len(document["manifests"])),
                         (notes, "app/set", 2))

    def test_all_builds_of_windows_are_kept(self):
        builds = [image(f"win-{build}") for build in ("17763", "20348")]
        entries = [{**one.descriptor(), "platform": {"os": "windows", "architecture": "amd64",
                                                     "os.version": f"10.0.{build}.1"}}
                   for one, build in zip(builds, ("17763", "20348"))]
        entries.append({**self.image.descriptor(), "platform": {"os": "linux", "architecture": "amd64"}})
        all_of_them = Document({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}, INDEX,
                               children=[*builds, self.image])
        self.push(self.there, self.name, "all", all_of_them)
        self.ok("copy", "--platform", "windows/amd64,linux/amd64", f"{self.place}:all", f"{self.place}:some")
        self.ok("index", "filter", "--platform", "windows/amd64", f"{self.place}:all")
        for tag, kept in (("some", [*builds, self.image]), ("all", builds)):
            document = json.loads(self.ok("manifest", "get", f"{self.place}:{tag}").out)
            self.assertEqual([one["digest"] for one in document["manifests"]], [one.digest for one in kept])
        self.ok("copy", "--platform", "windows/amd64", f"{self.place}:all", f"{self.place}:one")
        self.assertEqual(self.tags()["one"], builds[0].digest)

    # --- output that nobody reads ---

    def ends_well_without_reader(self, *words):
        reader, writer = os.pipe()
        os.close(reader)
        with os.fdopen(writer, "wb") as closed:
            done = subprocess.run([os.environ["REGCTL"], *words], env=self.environment({}), cwd=self.folder,
                                  stdin=subprocess.DEVNULL, stdout=closed, stderr=subprocess.PIPE, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_what_changes_things_is_done_without_a_reader(self):
        for form in ("table", "json"):
            names = [f"{form}{number}" for number in range(3)]
            self.ends_well_without_reader("--format", form, "tag", f"{self.place}:1.0", *names)
            self.assertEqual(set(self.tags()), {"1.0", *names})
            other = self.push(self.there, self.name, "1.0", image(form))  # a digest that one tag has can be removed
            for name in names:
                self.push(self.there, self.name, name, image(name))
            self.ends_well_without_reader("--format", form, "rm", *(f"{self.place}:{name}" for name in names))
            self.assertEqual(self.tags(), {"1.0": other.digest})

    def test_a_listing_ends_without_a_reader(self):
        for form in ("table", "json"):
            self.ends_well_without_reader("--format", form, "images", self.place)


if __name__ == "__main__":
    main()
