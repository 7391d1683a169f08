// SPDX-License-Identifier: Apache-2.0
#include "server/v1/stored_body.hpp"

#include <doctest/doctest.h>

using namespace regctl;
using namespace regctl::server;

namespace {

/// "0123456789", in a file or not.
class TenBytes final : public StoredFile {
public:
  explicit TenBytes(std::shared_ptr<const FileDescriptor> fd) : fd_(std::move(fd)) {}
  [[nodiscard]] std::uint64_t size_bytes() const noexcept override { return 10; }
  [[nodiscard]] std::string version() const override { return "1"; }
  [[nodiscard]] std::unique_ptr<Source> open_part(std::uint64_t offset, std::uint64_t size_bytes,
                                                  std::string) const override {
    return make_text_source(std::string("0123456789").substr(offset, size_bytes));
  }
  [[nodiscard]] std::shared_ptr<const FileDescriptor> descriptor() const override { return fd_; }

private:
  std::shared_ptr<const FileDescriptor> fd_; // shared with answers
};

} // namespace

TEST_SUITE_BEGIN("server/v1/stored_body");

TEST_CASE("a stored file is sent from its descriptor") {
  const auto fd = std::make_shared<const FileDescriptor>(make_temporary_file());
  Response response;
  set_body(response, TenBytes(fd), 3, 4, "a file");
  REQUIRE(response.file);
  CHECK(response.file->fd == fd);
  CHECK(response.file->offset == 3);
  CHECK(response.file->size_bytes == 4);
  CHECK_FALSE(response.stream);
}

TEST_CASE("a stored file without a descriptor is read while it is sent") {
  Response response;
  set_body(response, TenBytes(nullptr), 3, 4, "a file");
  CHECK_FALSE(response.file);
  REQUIRE(response.stream);
  CHECK(response.stream_bytes == 4);
  CHECK(read_text(*response.stream, 10, "the answer") == "3456");
}

TEST_CASE("an empty part of a file gives no body") {
  Response response;
  set_body(response, TenBytes(nullptr), 10, 0, "a file");
  CHECK_FALSE(response.file);
  CHECK_FALSE(response.stream);
}
