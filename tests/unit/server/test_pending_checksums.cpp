// SPDX-License-Identifier: Apache-2.0
#include "server/pending_checksums.hpp"

#include <doctest/doctest.h>

using regctl::server::PendingChecksums;

TEST_SUITE_BEGIN("server/pending_checksums");

TEST_CASE("each layer that was taken is owed one checksum") {
  PendingChecksums pending;
  CHECK_FALSE(pending.take("a", "sha256:1"));
  pending.add("a", "sha256:1");
  pending.add("a", "sha256:1");
  CHECK_FALSE(pending.take("a", "sha256:2"));
  CHECK_FALSE(pending.take("b", "sha256:1"));
  CHECK(pending.take("a", "sha256:1"));
  CHECK(pending.take("a", "sha256:1"));
  CHECK_FALSE(pending.take("a", "sha256:1"));
}

TEST_CASE("clients that never come back cost nothing for ever") {
  PendingChecksums pending;
  for (int i = 0; i < 10'000; ++i) {
    pending.add("image " + std::to_string(i), "sha256:1");
  }
  CHECK_FALSE(pending.take("image 0", "sha256:1"));
  CHECK(pending.take("image 9999", "sha256:1"));
}
