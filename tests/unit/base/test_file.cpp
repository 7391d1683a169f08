// SPDX-License-Identifier: Apache-2.0
#include "support/piecewise_source.hpp"
#include "support/temporary_folder.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/file.hpp>
#include <regctl/base/interrupt.hpp>

#include <doctest/doctest.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <functional>
#include <thread>
#include <vector>

using namespace regctl;
using test::read_in_pieces;
using test::TemporaryFolder;

namespace {

std::size_t count_files(const std::filesystem::path& folder) {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder), {}));
}

void write(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path) << text;
}

} // namespace

TEST_SUITE_BEGIN("base/file");

TEST_CASE("a file appears under its name only at commit, and replaces an earlier file") {
  const TemporaryFolder folder;
  write(folder / "a", "old");
  {
    AtomicFile file(folder / "a");
    file.write(as_bytes("new"));
    CHECK(read_file(folder / "a", 10) == "old");
    file.commit();
  }
  CHECK(read_file(folder / "a", 10) == "new");
  CHECK(count_files(folder.path()) == 1);
}

TEST_CASE("a file can get its name when it is written") {
  TemporaryFolder folder;
  AtomicFile file(folder / "unknown");
  file.write(as_bytes("content"));
  file.set_name("named");
  file.commit();
  CHECK(read_file(folder / "named", 100) == "content");
  CHECK_FALSE(std::filesystem::exists(folder / "unknown"));
}

TEST_CASE("an uncommitted file leaves nothing behind") {
  const TemporaryFolder folder;
  {
    AtomicFile file(folder / "a");
    file.write(as_bytes("half"));
  }
  CHECK(count_files(folder.path()) == 0);
}

TEST_CASE("replacing keeps an existing file's mode and follows a link") {
  const TemporaryFolder folder;
  write(folder / "target", "old");
  ::chmod((folder / "target").c_str(), 0640);
  std::filesystem::create_symlink(folder / "target", folder / "link");
  AtomicFile file(folder / "link");
  file.write(as_bytes("new"));
  file.commit();
  CHECK(std::filesystem::is_symlink(folder / "link"));
  CHECK(read_file(folder / "target", 10) == "new");
  struct stat status = {};
  ::stat((folder / "target").c_str(), &status);
  CHECK((status.st_mode & 0777) == 0640);
}

TEST_CASE("a file that cannot be opened or created is named with the reason") {
  const TemporaryFolder folder;
  const auto kind_of = [](const std::function<void()>& action) {
    try {
      action();
    } catch (const Error& error) {
      CHECK(error.message().find("regctl-test") != std::string::npos);
      return error.kind();
    }
    return ErrorKind::usage;
  };
  CHECK(kind_of([&] { open_for_reading(folder / "absent"); }) == ErrorKind::not_found);
  CHECK(kind_of([&] { open_for_reading(folder.path()); }) == ErrorKind::local_io);
  CHECK(kind_of([&] { AtomicFile(folder.path()); }) == ErrorKind::local_io);
  CHECK(kind_of([&] { AtomicFile(folder / "no" / "where"); }) == ErrorKind::local_io);
}

TEST_CASE("a full disk is a local error with a hint") {
  const FileDescriptor full(::open("/dev/full", O_WRONLY));
  try {
    write_fully(full.get(), as_bytes("x"), "/dev/full");
    FAIL("was written");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::local_io);
    CHECK(error.message().starts_with("cannot write /dev/full: "));
    CHECK(error.hint().find("TMPDIR") != std::string::npos);
  }
}

TEST_CASE("ranges of one file are read independently of each other") {
  const TemporaryFolder folder;
  write(folder / "a", "0123456789");
  const auto file = std::make_shared<FileDescriptor>(open_for_reading(folder / "a"));
  for (const auto piece : test::k_pieces) {
    const auto first = make_range_source(file, 2, 5, "a");
    const auto second = make_range_source(file, 0, 10, "a");
    std::byte byte{};
    CHECK(first->read({&byte, 1}) == 1);
    CHECK(read_in_pieces(*second, piece) == "0123456789");
    CHECK(read_in_pieces(*first, piece) == "3456");
  }
  const auto beyond = make_range_source(file, 8, 5, "the archive");
  CHECK_THROWS_WITH_AS(read_in_pieces(*beyond, 7), "the archive ends 3 bytes too early", Error);
}

TEST_CASE("several threads write at their offsets into one file") {
  auto file = make_temporary_file();
  write_fully_at(file.get(), 3, as_bytes("def"), "x");
  write_fully_at(file.get(), 0, as_bytes("abc"), "x");
  const auto shared = std::make_shared<FileDescriptor>(std::move(file));
  CHECK(read_in_pieces(*make_range_source(shared, 0, 6, "x"), 4) == "abcdef");
}

TEST_CASE("a pipe is read to its end") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  FileDescriptor writer(ends[1]);
  const auto source = make_fd_source(FileDescriptor(ends[0]), "stdin");
  write_fully(writer.get(), as_bytes("hello"), "pipe");
  writer.close();
  CHECK(read_in_pieces(*source, 2) == "hello");
}

TEST_CASE("a temporary file has no name") {
  const TemporaryFolder folder;
  ::setenv("TMPDIR", folder.path().c_str(), 1);
  const auto file = make_temporary_file();
  ::unsetenv("TMPDIR");
  CHECK(count_files(folder.path()) == 0);
  CHECK(::write(file.get(), "x", 1) == 1);
}

TEST_CASE("only a regular file is replaced by a file") {
  const TemporaryFolder folder;
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  std::filesystem::create_symlink("pipe", folder / "link");
  for (const char* name : {"pipe", "link", "."}) {
    CHECK_THROWS_AS(AtomicFile(folder / name), Error);
  }
  CHECK(std::filesystem::is_fifo(folder / "pipe"));
  CHECK(std::filesystem::is_symlink(folder / "link"));
  CHECK(count_files(folder.path()) == 2);
}

/// A folder like /tmp with `name` in it, which belongs to another user.
class OpenToAll {
public:
  OpenToAll() { ::chmod(folder_.path().c_str(), 01777); }

  std::filesystem::path give_away(const char* name) const {
    constexpr uid_t k_another = 54'321;
    const auto path = folder_ / name;
    REQUIRE(::lchown(path.c_str(), k_another, k_another) == 0);
    return path;
  }

  const TemporaryFolder& folder() const { return folder_; }

private:
  TemporaryFolder folder_;
};

TEST_CASE("a link that another user planted is never followed") {
  if (::geteuid() != 0) {
    return; // only root can give files away
  }
  const OpenToAll open;
  const TemporaryFolder own;
  write(own / "mine", "mine");
  std::filesystem::create_symlink(own / "mine", open.folder() / "file");
  std::filesystem::create_symlink(own.path(), open.folder() / "folder");
  std::filesystem::create_symlink(open.folder() / "file", own / "way");
  std::filesystem::create_symlink(own / "absent", open.folder() / "dangling");
  const auto file = open.give_away("file");
  for (const auto& path : {file, own / "way", open.give_away("dangling"),
                           open.give_away("folder") / "mine", file.parent_path() / "." / "file"}) {
    CAPTURE(path.string());
    for (const auto& use : std::vector<std::function<void()>>{
             [&] { open_for_reading(path); }, [&] { open_regular_file(path); },
             [&] { AtomicFile{path}; }, [&] { open_for_appending(path, Earlier::removed); }}) {
      try {
        use();
        FAIL("was opened");
      } catch (const Error& error) {
        CHECK(error.kind() == ErrorKind::local_io);
        CHECK(error.message().find("by another user (UID 54321)") != std::string::npos);
      }
    }
  }
  CHECK(read_file(own / "mine", 10) == "mine");
  CHECK_FALSE(std::filesystem::exists(own / "absent"));
  ::chmod(open.folder().path().c_str(), 0755); // nobody else could have put them there
  CHECK(read_file(file, 10) == "mine");
}

TEST_CASE("links of the user and of the folder's owner are followed") {
  const OpenToAll open;
  const TemporaryFolder own;
  write(own / "mine", "mine");
  std::filesystem::create_symlink(own.path(), open.folder() / "a");
  // ".." leads up from where "a" leads to.
  std::filesystem::create_symlink("a/.." / own.path().filename() / "mine", open.folder() / "b");
  CHECK(read_file(open.folder() / "b", 10) == "mine");
  AtomicFile(open.folder() / "a" / "new").commit();
  CHECK(std::filesystem::exists(own / "new"));
  if (::geteuid() == 0) {
    const auto link = open.give_away("b");
    REQUIRE(::chown(open.folder().path().c_str(), 54'321, 54'321) == 0);
    CHECK(read_file(link, 10) == "mine");
  }
}

TEST_CASE("a file that another user planted is not written") {
  if (::geteuid() != 0) {
    return;
  }
  const OpenToAll open;
  write(open.folder() / "file", "theirs");
  REQUIRE(::mkfifo((open.folder() / "pipe").c_str(), 0666) == 0);
  const auto file = open.give_away("file");
  CHECK_THROWS_AS(AtomicFile{file}, Error);
  CHECK_THROWS_AS(open_for_appending(file, Earlier::removed), Error);
  const FileDescriptor reader(
      ::open((open.folder() / "pipe").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  CHECK_THROWS_AS(open_for_appending(open.give_away("pipe"), Earlier::kept), Error);
  CHECK(read_file(file, 10) == "theirs");
}

TEST_CASE("circular links and paths through files are refused, dangling links written through") {
  const TemporaryFolder folder;
  std::filesystem::create_symlink("b", folder / "a");
  std::filesystem::create_symlink("a", folder / "b");
  CHECK_THROWS_AS(open_for_reading(folder / "a"), Error);
  CHECK_THROWS_AS(AtomicFile{folder / "a"}, Error);
  CHECK_THROWS_AS(open_for_reading(""), Error);
  write(folder / "file", "x");
  CHECK_THROWS_AS(open_for_reading(folder / "file" / ""), Error);
  CHECK_THROWS_AS(open_for_reading(folder / "file" / "x"), Error);
  std::filesystem::create_symlink("new", folder / "dangling");
  AtomicFile(folder / "dangling").commit();
  CHECK(std::filesystem::exists(folder / "new"));
}

TEST_CASE("devices and /dev/fd names can be written") {
  const TemporaryFolder folder;
  write_fully(open_for_appending("/dev/null", Earlier::removed).get(), as_bytes("x"), "null");
  const FileDescriptor file(::open((folder / "out").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  const auto name = "/dev/fd/" + std::to_string(file.get());
  write_fully(open_for_appending(name, Earlier::kept).get(), as_bytes("line"), "out");
  CHECK(read_file(name, 10) == "line");
  AtomicFile whole(name);
  whole.write(as_bytes("whole"));
  whole.commit();
  CHECK(read_file(folder / "out", 10) == "whole");
}

TEST_CASE("appending keeps or removes earlier content, as asked") {
  const TemporaryFolder folder;
  write(folder / "file", "a");
  write_fully(open_for_appending(folder / "file", Earlier::kept).get(), as_bytes("b"), "file");
  CHECK(read_file(folder / "file", 10) == "ab");
  write_fully(open_for_appending(folder / "file", Earlier::removed).get(), as_bytes("c"), "file");
  CHECK(read_file(folder / "file", 10) == "c");
  CHECK_THROWS_AS(open_for_appending(folder.path(), Earlier::kept), Error);
}

TEST_CASE("opening a pipe waits for its reader until an interrupt") {
  const TemporaryFolder folder;
  const auto pipe = folder / "pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  CHECK_THROWS_WITH_AS(open_regular_file(pipe),
                       ("'" + pipe.string() + "' is not a regular file").c_str(), Error);
  auto source = make_fd_source(open_for_reading(pipe), "pipe"); // though nobody writes yet
  std::thread writer([&] {
    write_fully(open_for_appending(pipe, Earlier::removed).get(), as_bytes("piped"), "pipe");
  });
  CHECK(read_text(*source, 10, "pipe") == "piped");
  writer.join();
  source.reset();
  interrupt();
  CHECK_THROWS_WITH_AS(open_for_appending(pipe, Earlier::kept), "interrupted", Error);
  CHECK_THROWS_WITH_AS(read_file(pipe, 10), "interrupted", Error);
  reset_interrupt();
}

TEST_CASE("an interrupt ends reading and writing, except with OnInterrupt::go_on") {
  const TemporaryFolder folder;
  write(folder / "old", "old");
  AtomicFile file(folder / "new");
  interrupt();
  CHECK_THROWS_WITH_AS(file.write(as_bytes("new")), "interrupted", Error);
  CHECK_THROWS_WITH_AS(read_file(folder / "old", 100), "interrupted", Error);
  file.write(as_bytes("told"), OnInterrupt::go_on);
  file.commit();
  const auto old = make_fd_source(open_for_reading(folder / "old"), "old", OnInterrupt::go_on);
  CHECK(read_text(*old, 100, "old") == "old");
  reset_interrupt();
  CHECK(read_file(folder / "new", 100) == "told");
}

TEST_SUITE_END();
