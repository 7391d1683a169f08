// SPDX-License-Identifier: Apache-2.0
#include "ops/mirror/forecast.hpp"

#include <regctl/base/quantity.hpp>

namespace regctl::ops::mirror {

Forecast::Entry& Forecast::find(const Prospect& item) {
  const auto [entry, is_new] = entries_.try_emplace(item.key);
  if (!is_new) {
    entries_.renew(item.key);
  }
  if (item.is_there) {
    entry.standing = Standing::there;
  }
  return entry;
}

void Forecast::hold(const Prospect& item) {
  find(item).standing = Standing::there;
}

void Forecast::need(const Prospect& item, Ahead& ahead) {
  auto& entry = find(item);
  ahead.has_all_images = ahead.has_all_images && item.has_rest;
  if (!entry.is_looked_at) {
    entry.is_looked_at = true;
    ahead.requests += item.requests_to_look;
  }
  if (entry.standing == Standing::there) { // then its dependencies are there too, known or not
    return;
  }
  ahead.has_all_sizes = ahead.has_all_sizes && item.has_rest && item.size_bytes;
  const auto size = item.size_bytes.value_or(0);
  if (entry.standing == Standing::seen) {
    entry.standing = Standing::planned;
    ++ahead.images;
    add_size(ahead.bytes, size);
    ahead.requests += item.requests_to_move;
    return;
  }
  add_size(ahead.bytes_shared, size);
  if (entry.standing == Standing::planned) {
    entry.standing = Standing::shared;
    add_size(shared_bytes_, size);
  }
}

} // namespace regctl::ops::mirror
