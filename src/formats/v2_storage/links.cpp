// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/base/interrupt.hpp>
#include <regctl/base/visible.hpp>
#include <regctl/formats/v2_paths.hpp>
#include <regctl/formats/v2_storage.hpp>

namespace regctl {

namespace {

// distribution up to 3.0 empties a link before it writes it: a reader may come in between.
constexpr int k_most_looks = 50;
constexpr long k_pause_ms = 20;
constexpr std::chrono::seconds k_young{10};

} // namespace

V2Storage::Link V2Storage::look_once(const std::string& folder) const {
  std::optional<std::string> text;
  try {
    text = tree_->read(v2_paths::link_in(folder), v2_paths::k_small_limit_bytes);
  } catch (const Error& error) { // too long, or no file
    if (error.kind() != ErrorKind::protocol) {
      throw;
    }
    return {LinkState::malformed, {}, {}};
  }
  if (!text) {
    return {};
  }
  if (auto digest = v2_paths::parse_link(*text)) {
    return {LinkState::sound, std::move(digest), {}};
  }
  return {LinkState::malformed, {}, *std::move(text)};
}

V2Storage::Link V2Storage::look_at_link(const std::string& folder) const {
  for (int look = 1;; ++look) {
    auto link = look_once(folder);
    if (link.state != LinkState::malformed || look == k_most_looks) {
      return link;
    }
    const auto changed = tree_->last_change(folder);
    if (!changed || tree_->now() - *changed >= k_young) {
      return link;
    }
    interruptible_sleep_ms(k_pause_ms);
  }
}

std::optional<oci::Digest> V2Storage::read_link(const std::string& folder) const {
  auto link = look_at_link(folder);
  if (link.state == LinkState::malformed) {
    throw Error(ErrorKind::protocol,
                tree_->what(v2_paths::link_in(folder)) + " is damaged: it holds " +
                    (link.text.empty() ? "nothing" : "'" + excerpt(link.text) + "'") +
                    " instead of a digest",
                "regctl audit v2-storage:" + location() + " finds out what else is damaged");
  }
  return std::move(link.digest);
}

void V2Storage::put_link(const std::string& folder, const oci::Digest& digest) {
  lock_for_writing();
  // Where a lease does not keep out a garbage collection of another process, the age of the link
  // does.
  if (!tree_->has_leases_among_processes() || look_at_link(folder).digest != digest) {
    tree_->make_folder(folder)->put(v2_paths::k_link, digest.to_string());
  }
}

} // namespace regctl
