// SPDX-License-Identifier: Apache-2.0
#include "objects/upload_part.hpp"

#include <regctl/base/stream.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <thread>

using namespace regctl;
using namespace regctl::objects;
using namespace std::chrono_literals;

TEST_SUITE_BEGIN("objects/upload_part");

TEST_CASE("a part whose time is over leaves its buffer to an upload that waits for it") {
  PartBuffers buffers(1, 1024, 0s);
  auto slow = std::make_unique<UploadPart>(buffers);
  std::string sent = "first";
  slow->append(as_bytes(sent));
  auto fast = std::async(std::launch::async, [&] {
    UploadPart part(buffers);
    part.append(as_bytes("fast"));
    return std::string(part.bytes());
  });
  while (fast.wait_for(0s) != std::future_status::ready) {
    slow->append(as_bytes("x"));
    sent += 'x';
    std::this_thread::yield();
  }
  CHECK(fast.get() == "fast");
  slow->append(as_bytes("last"));
  sent += "last";
  CHECK(slow->size_bytes() == sent.size());
  CHECK(slow->bytes() == sent);
  slow->append(as_bytes("!"));
  CHECK(slow->bytes() == sent + "!");
}

TEST_CASE("a part keeps its buffer as long as its time lasts") {
  PartBuffers buffers(1, 1024, 1h);
  auto patient = std::make_unique<UploadPart>(buffers);
  patient->append(as_bytes("in memory"));
  const auto* where = patient->bytes().data();
  std::promise<void> begun;
  auto waiting = std::async(std::launch::async, [&] {
    begun.set_value();
    const UploadPart part(buffers);
  });
  begun.get_future().wait();
  patient->append(as_bytes(" still"));
  CHECK(patient->bytes().data() == where);
  CHECK(patient->bytes() == "in memory still");
  patient.reset();
  waiting.get();
}

TEST_SUITE_END();
