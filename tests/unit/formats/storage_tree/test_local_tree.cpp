// SPDX-License-Identifier: Apache-2.0
#include "formats/storage_tree/local_tree.hpp"
#include "support/failure.hpp"
#include "support/temporary_folder.hpp"
#include "unit/formats/storage_tree/contract.hpp"

#include <regctl/base/error.hpp>

#include <doctest/doctest.h>

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <thread>
#include <utility>
#include <vector>

using namespace regctl;
using namespace std::chrono_literals;
using test::failure;
using test::TemporaryFolder;

namespace {

using Names = std::vector<std::string>;

struct Fixture {
  TemporaryFolder folder;
  LocalTree tree{folder.path().string()};

  void write(const std::string& path, const std::string& text) {
    std::filesystem::create_directories((folder / path).parent_path());
    std::ofstream(folder / path) << text;
  }

  [[nodiscard]] Names list(const std::string& path) const {
    Names names;
    tree.list(path, [&](const std::string& name) { names.push_back(name); });
    std::sort(names.begin(), names.end());
    return names;
  }

  [[nodiscard]] Names unfinished(const std::string& path, int levels) const {
    Names names;
    tree.for_each_unfinished(path, levels, [&](const UnfinishedFile& file) {
      names.push_back(file.path + " " + std::to_string(file.size_bytes));
    });
    std::sort(names.begin(), names.end());
    return names;
  }
};

/// Waits until a thread of this process waits for a lock of flock(2).
void wait_for_waiter() {
  const auto end = std::chrono::steady_clock::now() + 60s;
  const auto own = " " + std::to_string(::getpid()) + " ";
  for (bool is_waiting = false; !is_waiting; std::this_thread::yield()) {
    REQUIRE(std::chrono::steady_clock::now() < end);
    std::ifstream locks("/proc/locks");
    for (std::string line; std::getline(locks, line);) {
      is_waiting = is_waiting || (line.find("-> FLOCK") != std::string::npos &&
                                  line.find(own) != std::string::npos);
    }
  }
}

} // namespace

TEST_SUITE_BEGIN("formats/storage_tree/local_tree");

TEST_CASE("a local folder keeps the contract of storage trees") {
  const TemporaryFolder folder;
  test::check_storage_tree([&] { return std::make_unique<LocalTree>(folder.path().string()); });
}

TEST_CASE_FIXTURE(Fixture, "only a folder is opened, and only below a folder can one be made") {
  write("a/file", "12345");
  CHECK(failure([&] { LocalTree((folder / "none").string()); }) == ErrorKind::not_found);
  CHECK(tree.what("a/b") == "'" + folder.path().string() + "/a/b'");
  CHECK(failure([&] { static_cast<void>(tree.find_file("a")); }) == ErrorKind::protocol);
  CHECK(tree.read("a/" + std::string(300, 'x'), 5) == std::nullopt);
  CHECK(failure([&] { static_cast<void>(tree.make_folder("a/file/x")); }) == ErrorKind::local_io);
}

TEST_CASE_FIXTURE(Fixture, "no path leads out") {
  const TemporaryFolder outside;
  std::ofstream(outside / "file") << "secret";
  write("in/file", "ours");
  std::filesystem::create_symlink(outside.path(), folder / "absolute");
  std::filesystem::create_symlink(std::filesystem::relative(outside.path(), folder.path()),
                                  folder / "relative");
  std::filesystem::create_symlink("loop", folder / "loop");
  std::filesystem::create_symlink("in", folder / "within");
  std::filesystem::create_symlink("/proc/self/cwd", folder / "magic");
  std::filesystem::create_symlink("nowhere", folder / "dangling");
  for (const auto* path :
       {"absolute/file", "relative/file", "../x", "in/../../x", "loop/file", "magic/x"}) {
    CAPTURE(path);
    CHECK(failure([&] { static_cast<void>(tree.read(path, 100)); }) == ErrorKind::protocol);
    CHECK(failure([&] { static_cast<void>(tree.find_file(path)); }) == ErrorKind::protocol);
    CHECK(failure([&] { static_cast<void>(tree.has_file(path)); }) == ErrorKind::protocol);
    CHECK(failure([&] { static_cast<void>(tree.make_folder(path)); }) == ErrorKind::protocol);
    CHECK(failure([&] { static_cast<void>(tree.lease(path, Sharing::exclusive, 0ms)); }) ==
          ErrorKind::protocol);
  }
  CHECK(failure([&] { static_cast<void>(list("absolute")); }) == ErrorKind::protocol);
  CHECK(failure([&] { static_cast<void>(tree.folder_version("absolute")); }) ==
        ErrorKind::protocol);
  CHECK(tree.read("within/file", 100) == "ours");
  CHECK(tree.read("dangling", 100) == std::nullopt);
  CHECK(std::distance(std::filesystem::directory_iterator(outside.path()), {}) == 1);
}

TEST_CASE_FIXTURE(Fixture, "no link is written through") {
  const TemporaryFolder outside;
  std::ofstream(outside / "file") << "theirs";
  const auto opened = tree.make_folder("a");
  std::filesystem::create_symlink(outside / "file", folder / "a/file");
  std::filesystem::create_symlink(outside / "file", folder / "a/mark");
  opened->put("file", "ours");
  CHECK(tree.read("a/file", 100) == "ours");
  CHECK(failure([&] { opened->put("mark", "", Durability::name_only); }) == ErrorKind::local_io);
  CHECK(read_file(outside / "file", 100) == "theirs");
}

TEST_CASE_FIXTURE(Fixture, "a problem of one group of files does not affect the others") {
  const FileGroup first{{{"x", "1"}}};
  const FileGroup bad{{{"no/such/name", "2"}}};
  const FileGroup last{{{"y", "3"}}};
  const auto problems = tree.make_folder("a")->put_groups({&first, &bad, &last});
  REQUIRE(problems.size() == 3);
  CHECK_FALSE(problems[0]);
  CHECK(problems[1]);
  CHECK_FALSE(problems[2]);
  CHECK(list("a") == Names{"x", "y"});
  const auto gone = tree.make_folder("b");
  tree.remove_folder("b");
  for (const auto& problem : gone->put_groups({&first, &last})) {
    CHECK(failure([&] { std::rethrow_exception(problem); }) == ErrorKind::local_io);
  }
}

TEST_CASE_FIXTURE(Fixture, "a pipe does not block its reader") {
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  CHECK(failure([&] { static_cast<void>(tree.read("pipe", 5)); }) == ErrorKind::protocol);
}

TEST_CASE_FIXTURE(Fixture, "files of killed writers are hidden, listed separately, and removed") {
  write("a/.file.1.2.part", "123");
  write("a/file", "");
  write("a/.hidden", "");
  write("a/b/.x.1.2.part", "1");
  write("a/b/c/.y.1.2.part", "");
  write("a/.hidden.d/.z.1.2.part", "");
  std::filesystem::create_directory_symlink("b", folder / "a/link");
  std::filesystem::create_directory(folder / "a/.folder.part");
  CHECK(list("a") == Names{"b", "file", "link"});
  CHECK(unfinished("a", 0) == Names{"a/.file.1.2.part 3"});
  CHECK(unfinished("a", 1) == Names{"a/.file.1.2.part 3", "a/b/.x.1.2.part 1"});
  CHECK(unfinished("a", 2).size() == 3);
  tree.remove_unfinished({"a/b/.x.1.2.part", 1});
  tree.remove_unfinished({"a/b/.x.1.2.part", 1}); // somebody else has
  CHECK(unfinished("a/b", 0).empty());
  std::filesystem::remove(folder / "a/.folder.part");
  tree.make_folder("a")->remove_unfinished();
  CHECK(unfinished("a", 0).empty());
  CHECK(list("a") == Names{"b", "file", "link"});
}

TEST_CASE_FIXTURE(Fixture, "one open folder can list its names again and again") {
  write("a/x", "");
  const auto opened = tree.find_folder("a");
  CHECK(opened->names() == Names{"x"});
  CHECK(opened->names() == Names{"x"});
}

TEST_CASE_FIXTURE(Fixture,
                  "the rest of an interrupted folder removal is hidden, and removed later") {
  write("a/.~gone-1-0/mark", "");
  write("a/b/mark", "");
  CHECK(list("a") == Names{"b"});
  tree.remove_folder_with("a/b", "mark");
  CHECK(std::filesystem::is_empty(folder / "a"));
}

TEST_CASE_FIXTURE(Fixture, "a folder has a version only when its last change is a while ago") {
  using namespace std::filesystem;
  write("a/x", "");
  CHECK(tree.folder_version("a").empty());
  const auto earlier = file_time_type::clock::now() - 1h;
  last_write_time(folder / "a", earlier);
  const auto version = tree.folder_version("a");
  CHECK_FALSE(version.empty());
  CHECK(tree.folder_version("a") == version);
  last_write_time(folder / "a", earlier + 1s);
  CHECK(tree.folder_version("a") != version);
}

TEST_CASE_FIXTURE(Fixture, "the last change is that of the newest file or of the folder") {
  using namespace std::filesystem;
  const auto set = [&](const std::string& path, std::chrono::hours ago) {
    last_write_time(folder / path, file_time_type::clock::now() - ago);
  };
  const auto hours_ago = [&] {
    const auto age = std::chrono::system_clock::now() - tree.last_change("a").value();
    return std::chrono::round<std::chrono::hours>(age).count();
  };
  write("a/x", "");
  set("a/x", 5h);
  set("a", 9h);
  CHECK(hours_ago() == 5);
  set("a", 3h);
  CHECK(hours_ago() == 3);
}

TEST_CASE_FIXTURE(Fixture, "a local file gives its descriptor, and a local tree its free space") {
  write("a/file", "12345");
  const auto file = tree.find_file("a/file");
  REQUIRE(file->descriptor());
  CHECK(file->descriptor()->get() >= 0);
  CHECK(tree.make_folder("a")->start_upload("x")->written_bytes());
  CHECK(tree.free_bytes().value_or(0) > 0);
}

TEST_CASE_FIXTURE(Fixture, "a file that was truncated after it was opened is an error") {
  write("a/file", "12345");
  const auto file = tree.find_file("a/file");
  std::filesystem::resize_file(folder / "a/file", 3);
  CHECK(failure([&] { drain(*file->open("a file")); }) == ErrorKind::protocol);
}

TEST_CASE_FIXTURE(Fixture, "a lease that waited for a removed folder is of a new folder") {
  auto first = tree.lease("a", Sharing::exclusive, 0ms);
  std::unique_ptr<StorageFolder> second;
  std::thread waits([&] { second = tree.lease("a", Sharing::exclusive, std::nullopt); });
  wait_for_waiter();
  tree.remove_folder("a");
  first.reset();
  waits.join();
  second->put("file", "1");
  CHECK(tree.read("a/file", 5) == "1");
}

TEST_CASE_FIXTURE(Fixture, "a lease lasts as long as an upload that was begun under it") {
  auto opened = tree.lease("a", Sharing::exclusive, 0ms);
  auto upload = opened->start_upload("x");
  opened.reset();
  CHECK_FALSE(tree.lease("a", Sharing::exclusive, 0ms));
  upload.reset();
  CHECK(tree.lease("a", Sharing::exclusive, 0ms));
}

namespace {

struct stat look(const std::filesystem::path& path) {
  struct stat status = {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status;
}

/// Beside the fixture's tree, another one with a file.
struct Adopting : Fixture {
  TemporaryFolder other_folder;
  LocalTree other{other_folder.path().string()};

  Adopting() {
    std::ofstream(other_folder / "layer") << "bytes";
    ::chmod((other_folder / "layer").c_str(), 0644);
  }
};

} // namespace

TEST_CASE_FIXTURE(Adopting, "a file is taken over by a link, again and again") {
  const auto file = other.find_file("layer");
  CHECK(tree.can_adopt(*file).is_possible);
  for (const std::string before : {"nothing", "another file", "the link"}) {
    CAPTURE(before);
    if (before == "another file") {
      std::filesystem::remove(folder / "blobs/a/data");
      write("blobs/a/data", before);
    }
    CHECK(tree.adopt(*file, "blobs/a/data", "aside").empty());
    CHECK(look(folder / "blobs/a/data").st_ino == look(other_folder / "layer").st_ino);
    CHECK(look(other_folder / "layer").st_nlink == 2);
    CHECK(tree.read("blobs/a/data", 100) == "bytes");
    CHECK(std::filesystem::is_empty(folder / "aside"));
  }
}

TEST_CASE_FIXTURE(Adopting, "a file that was written or removed meanwhile is not taken over") {
  const auto file = other.find_file("layer");
  std::ofstream(other_folder / "layer", std::ios::app) << " and more";
  CHECK(failure([&] { static_cast<void>(tree.adopt(*file, "blobs/a/data", "aside")); }) ==
        ErrorKind::integrity);
  const auto removed = other.find_file("layer");
  std::filesystem::remove(other_folder / "layer");
  CHECK(tree.adopt(*removed, "blobs/a/data", "aside") == "hard links cannot be made here");
  CHECK_FALSE(tree.has_file("blobs/a/data"));
}

TEST_CASE_FIXTURE(Adopting, "a file that the tree's server could not read is not taken over") {
  const auto obstacle = [&] { return tree.can_adopt(*other.find_file("layer")).obstacle; };
  const std::string unreadable = "their modes let nobody but their owner read them";
  ::chmod((other_folder / "layer").c_str(), 0640);
  if (::geteuid() != 0) {
    CHECK(obstacle().empty()); // the server is of our own user
    return;
  }
  CHECK(obstacle() == unreadable);
  constexpr ::uid_t k_server = 1234;
  REQUIRE(::chown(folder.path().c_str(), k_server, k_server) == 0);
  CHECK(obstacle() == unreadable);
  REQUIRE(::chown((other_folder / "layer").c_str(), 0, k_server) == 0);
  CHECK(obstacle().empty()); // by its group
  ::chmod((other_folder / "layer").c_str(), 0600);
  CHECK(obstacle() == unreadable);
  REQUIRE(::chown((other_folder / "layer").c_str(), k_server, 0) == 0);
  CHECK(obstacle().empty()); // by its owner
}

TEST_CASE_FIXTURE(Adopting, "a file of another file system is not taken over") {
  const std::filesystem::path elsewhere = "/dev/shm";
  std::error_code ignored;
  if (!std::filesystem::is_directory(elsewhere, ignored) ||
      look(elsewhere).st_dev == look(folder.path()).st_dev) {
    MESSAGE("no second file system here");
    return;
  }
  const auto name = "regctl-test-" + std::to_string(::getpid());
  std::ofstream(elsewhere / name) << "bytes";
  const auto file = LocalTree(elsewhere.string()).find_file(name);
  CHECK_FALSE(tree.can_adopt(*file).is_possible);
  CHECK(tree.can_adopt(*file).obstacle == "they are on two file systems");
  CHECK(tree.adopt(*file, "blobs/a/data", "aside") == "they are on two file systems");
  std::filesystem::remove(elsewhere / name);
}
