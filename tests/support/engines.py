# SPDX-License-Identifier: Apache-2.0
"""Real engines, each with its own storage in the test's folder: Docker, podman with buildah, containerd. No system
service is started."""

import contextlib
import json
import os
import subprocess

from harness import PATIENCE_S, Server, wait_for


def run(words, environment=None):
    """The output of a program that has to succeed."""
    done = subprocess.run(words, check=False, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=PATIENCE_S, env={**os.environ, **(environment or {})})
    if done.returncode != 0:
        raise AssertionError(f"{words} ended with {done.returncode}: {done.stderr[-2000:]}")
    return done.stdout


class Engine(Server):
    """A process with a socket and a log in a folder of its own."""

    def __init__(self, folder):
        super().__init__(folder)
        self.socket = os.path.join(self.folder, "s")
        self.log = open(os.path.join(self.folder, "log"), "wb")
        self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=self.log,
                                        stderr=subprocess.STDOUT)
        wait_for(lambda: self.answers() or self.process.poll() is not None, type(self).__name__)
        if self.process.poll() is not None:
            with open(self.log.name, encoding="utf-8", errors="replace") as log:
                raise AssertionError(f"{self.command()[0]} ended: {log.read()[-2000:]}")

    @property
    def environment(self):
        """For programs that look for an engine themselves."""
        return {"DOCKER_HOST": f"unix://{self.socket}"}

    def answers(self):
        return os.path.exists(self.socket)

    def stop(self):
        self.process.terminate()
        self.process.wait(PATIENCE_S)
        self.log.close()


class DockerEngine(Engine):
    """dockerd without a network. It ends its containerd itself."""

    def command(self):
        return ["dockerd", "--data-root", os.path.join(self.folder, "data"), "--exec-root",
                os.path.join(self.folder, "exec"), "--pidfile", os.path.join(self.folder, "pid"), "--host",
                f"unix://{self.socket}", "--bridge=none", "--iptables=false", "--ip-forward=false",
                "--ip-masq=false", "--storage-driver=vfs"]

    def run(self, *words):
        return run(["docker", "--config", self.folder, *words], {**self.environment, "DOCKER_BUILDKIT": "0"})

    def answers(self):
        try:
            return self.run("version")
        except AssertionError:
            return None

    def facts(self, name):
        """The visible content of an image: its files, and its run configuration."""
        image = json.loads(self.run("image", "inspect", name))[0]
        return (image["RootFS"]["Layers"], image["Config"]["Cmd"], image["Config"]["Env"],
                image["Config"]["Labels"])

    def export(self, name, path):
        """Writes the file system of an image as a tar file."""
        container = self.run("create", name, "/none").strip()
        self.run("export", "-o", path, container)
        self.run("rm", container)


class Podman:
    """podman and buildah with one storage."""

    def __init__(self, folder):
        self.folder = folder

    def options(self):
        return ["--storage-driver", "vfs", "--root", os.path.join(self.folder, "podman"), "--runroot",
                os.path.join(self.folder, "run")]

    def run(self, program, *words):
        return run([program, *self.options(), *words], {"HOME": self.folder, "TMPDIR": self.folder}).strip()

    def facts(self, name):
        image = json.loads(self.run("podman", "image", "inspect", name))[0]
        config = image["Config"]  # without what is empty
        return image["RootFS"]["Layers"], config.get("Cmd"), config.get("Env"), config.get("Labels")

    @contextlib.contextmanager
    def mounted(self, name):
        """The folder with the files of an image."""
        try:
            yield self.run("podman", "image", "mount", name)
        finally:
            self.run("podman", "image", "unmount", name)

    @contextlib.contextmanager
    def mounted_in_container(self, name):
        """That of a container that buildah makes of an image."""
        container = self.run("buildah", "from", "--pull-never", name)
        try:
            yield self.run("buildah", "mount", container)
        finally:
            self.run("buildah", "rm", container)


class PodmanService(Engine):
    """podman's service, over the storage of a Podman with the folder that this is made with."""

    def __init__(self, folder):
        self.podman = Podman(folder)
        super().__init__(folder)

    def command(self):
        return ["podman", *self.podman.options(), "system", "service", "--time", "0", f"unix://{self.socket}"]


class Containerd(Engine):
    """containerd with nothing of Kubernetes."""

    def command(self):
        config = os.path.join(self.folder, "config.toml")
        with open(config, "w", encoding="ascii") as file:
            file.write(f'version = 2\nroot = "{self.folder}/root"\nstate = "{self.folder}/state"\n'
                       'disabled_plugins = ["io.containerd.grpc.v1.cri"]\n'
                       f'[grpc]\naddress = "{self.socket}"\n[ttrpc]\naddress = "{self.socket}.ttrpc"\n')
        return ["containerd", "-c", config]

    def run(self, *words):
        return run(["ctr", "-a", self.socket, *words])

    def answers(self):
        try:
            return self.run("version")
        except AssertionError:
            return None

    def pull(self, name, *options):
        self.run("image", "pull", "--plain-http", "--snapshotter", "native", *options, name)

    def digest(self, name):
        for line in self.run("image", "ls").splitlines()[1:]:
            words = line.split()
            if words[0] == name:
                return words[2]
        raise AssertionError(f"containerd has no image {name}")
