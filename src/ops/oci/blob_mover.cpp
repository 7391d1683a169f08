// SPDX-License-Identifier: Apache-2.0
#include "ops/oci/blob_mover.hpp"

#include "ops/transfer/second_attempt.hpp"

#include <regctl/base/error.hpp>

#include <atomic>

namespace regctl::ops {

Transfer::Moved BlobMover::move(const oci::Descriptor& blob) {
  const auto skipped = [&] {
    route_.places.add(blob.digest, route_.destination_name);
    route_.session.progress().skipped(std::string(blob.digest.hex()), route_.verb, blob.size_bytes);
    return Transfer::Moved{true, 0};
  };
  const auto known = route_.places.find(blob.digest);
  if (known == route_.destination_name) {
    return skipped();
  }
  // A repository that has it is asked for it before the destination is: one request instead of two.
  if ((known && mount(blob)) || is_there(blob)) {
    return skipped();
  }
  if (!known && !route_.whole && mount(blob)) {
    return skipped();
  }
  auto& progress = route_.session.progress();
  const auto task = progress.begin(std::string(blob.digest.hex()), route_.verb, blob.size_bytes);
  try {
    const auto bytes = run_twice_if_damaged(
        [&](ReadAttempt) { return send(blob, task); },
        [&] {
          progress.note(words_for_second_attempt("blob " + blob.digest.short_hex()));
          progress.restart(task);
          return true;
        });
    check_sent(blob);
    progress.finish(task);
    route_.places.add(blob.digest, route_.destination_name);
    return {false, bytes};
  } catch (...) {
    progress.fail(task);
    throw;
  }
}

bool BlobMover::is_there(const oci::Descriptor& blob) {
  return route_.whole ? route_.whole->has(route_.destination, route_.destination_name, blob)
                      : route_.destination.find_blob(blob.digest).has_value();
}

/// A registry may keep the file that it has, as distribution does, and acknowledge another one.
void BlobMover::check_sent(const oci::Descriptor& blob) {
  if (route_.whole && !is_there(blob)) {
    throw Error(ErrorKind::integrity,
                "blob " + blob.digest.short_hex() + " of " + route_.destination.describe() +
                    " is damaged, and stays so when it is sent again",
                "remove its file from the registry's storage, and run it again");
  }
}

void BlobMover::settle(const oci::Descriptor& blob) {
  if (route_.places.find(blob.digest) != route_.destination_name) {
    move(blob);
  }
}

/// Tries the repository that is known to have the blob, or had it in an earlier run, then the
/// source's own.
bool BlobMover::mount(const oci::Descriptor& blob) {
  auto known = route_.places.find(blob.digest);
  if (!known) {
    known = route_.places.find_former(blob.digest);
  }
  if (known && *known != route_.destination_name && route_.destination.mount_blob(blob, *known)) {
    return true;
  }
  return route_.mounts_from && *route_.mounts_from != route_.destination_name &&
         route_.mounts_from != known && route_.destination.mount_blob(blob, *route_.mounts_from);
}

std::uint64_t BlobMover::send(const oci::Descriptor& blob, Progress::Task task) {
  std::atomic<std::uint64_t> bytes = 0;
  const auto open = [&] {
    auto source =
        make_tap_source(route_.source.open_blob(blob), [&](std::span<const std::byte> piece) {
          bytes += piece.size();
          route_.session.progress().advance(task, piece.size());
        });
    return make_limited_source(std::move(source), route_.limits);
  };
  route_.destination.put_blob({blob.digest, blob.size_bytes, open});
  return bytes;
}

} // namespace regctl::ops
