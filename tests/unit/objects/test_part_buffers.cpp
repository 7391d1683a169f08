// SPDX-License-Identifier: Apache-2.0
#include "objects/part_buffers.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/interrupt.hpp>

#include <doctest/doctest.h>

#include <future>
#include <memory>

using namespace regctl;
using objects::PartBuffers;

namespace {

constexpr std::size_t k_size = 1024 * 1024;

/// Fills a buffer, and tells where its bytes were.
const char* fill(PartBuffers::Buffer& buffer, std::size_t size_bytes) {
  buffer.bytes.append(size_bytes, 'x');
  return buffer.bytes.data();
}

} // namespace

TEST_SUITE_BEGIN("objects/part_buffers");

TEST_CASE("a buffer has its room from the beginning, and its memory is used again") {
  PartBuffers buffers(3, k_size);
  auto first = std::make_unique<PartBuffers::Buffer>(buffers);
  const auto* where = first->bytes.data();
  CHECK(fill(*first, k_size) == where);
  first.reset();
  const PartBuffers::Buffer second(buffers);
  CHECK(second.bytes.empty());
  CHECK(second.bytes.data() == where);
}

TEST_CASE("few buffers are kept, and none that has grown") {
  PartBuffers buffers(3, k_size);
  {
    PartBuffers::Buffer grown(buffers);
    fill(grown, 2 * k_size);
  }
  const PartBuffers::Buffer next(buffers);
  CHECK(next.bytes.capacity() == k_size);
}

TEST_CASE("who wants one more than there are waits for one of them") {
  PartBuffers buffers(2, k_size);
  const PartBuffers::Buffer first(buffers);
  auto second = std::make_unique<PartBuffers::Buffer>(buffers);
  const auto* where = fill(*second, k_size);
  std::promise<void> begun;
  auto third = std::async(std::launch::async, [&] {
    begun.set_value();
    const PartBuffers::Buffer buffer(buffers);
    return buffer.bytes.data();
  });
  begun.get_future().wait();
  second.reset();
  CHECK(third.get() == where); // it has got the memory of the one that was given back
}

TEST_CASE("an interrupt ends the wait for a buffer") {
  PartBuffers buffers(1, k_size);
  const PartBuffers::Buffer only(buffers);
  interrupt();
  CHECK_THROWS_AS(PartBuffers::Buffer{buffers}, Error);
  reset_interrupt();
}

TEST_SUITE_END();
