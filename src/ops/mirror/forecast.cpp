// SPDX-License-Identifier: Apache-2.0
#include "ops/mirror/forecast.hpp"

#include <regctl/base/quantity.hpp>
#include <regctl/model/v1/repository.hpp>

namespace regctl::ops::mirror {

namespace {

// The requests of a run, as V1Transfer, ImageMover and the registry's push make them.
constexpr std::uint64_t k_per_tag_at_source = 1;      // its ancestry
constexpr std::uint64_t k_per_tag_at_destination = 4; // the announcement, the tag, the end, a look
constexpr std::uint64_t k_per_image_at_source = 1;    // its JSON
constexpr std::uint64_t k_per_image_at_destination = 1;
constexpr std::uint64_t k_per_layer_at_source = 1;
constexpr std::uint64_t k_per_layer_at_destination = 4; // JSON, layer, checksum; what is held then
constexpr std::uint64_t k_per_removal = 2;              // the tags, and one less

} // namespace

std::uint64_t Forecast::requests(std::uint64_t of_source,
                                 std::uint64_t of_destination) const noexcept {
  return (source_ == Side::remote ? of_source : 0) +
         (destination_ == Side::remote ? of_destination : 0);
}

Forecast::Image& Forecast::find(const std::string& id, const LookUp& look_up) {
  const auto [entry, is_new] = images_.try_emplace(id);
  auto& image = entry->second;
  if (is_new) {
    image.place = order_.insert(order_.end(), &entry->first); // whose place never changes
  } else {
    order_.splice(order_.end(), order_, image.place);
  }
  if (order_.size() > k_limit) {
    const auto oldest = images_.find(*order_.front());
    order_.pop_front();
    images_.erase(oldest);
  }
  if (!image.known) {
    image.known = look_up(id);
  }
  if (image.known && image.known->is_there) {
    image.state = State::there;
  }
  return image;
}

void Forecast::add_there(const std::string& id, const LookUp& look_up) {
  auto next = id;
  for (std::size_t depth = 0; !next.empty() && depth < k_max_chain; ++depth) {
    auto& image = find(next, look_up);
    image.state = State::there;
    next = image.known ? image.known->parent : std::string();
  }
}

Ahead Forecast::add_transfer(const std::string& id, const LookUp& look_up) {
  Ahead ahead;
  ahead.requests = requests(k_per_tag_at_source, k_per_tag_at_destination);
  auto next = id;
  for (std::size_t depth = 0; depth < k_max_chain; ++depth) {
    auto& image = find(next, look_up);
    need(image, ahead);
    if (!image.known) {
      ahead.has_all_images = false;
      // Nothing moves below an image that is there, whatever there is.
      ahead.has_all_sizes = ahead.has_all_sizes && image.state == State::there;
      return ahead;
    }
    if (image.known->parent.empty()) {
      return ahead;
    }
    next = image.known->parent;
  }
  ahead.has_all_images = ahead.has_all_sizes = false; // a loop, which the run will tell
  return ahead;
}

void Forecast::need(Image& image, Ahead& ahead) {
  if (!image.is_looked_at) {
    image.is_looked_at = true;
    ahead.requests += requests(k_per_image_at_source, k_per_image_at_destination);
  }
  if (image.state == State::there) {
    return;
  }
  const auto size = image.known ? image.known->size_bytes : std::nullopt;
  ahead.has_all_sizes = ahead.has_all_sizes && size;
  if (image.state == State::seen) {
    image.state = State::planned;
    ++ahead.images;
    add_size(ahead.bytes, size.value_or(0));
    ahead.requests +=
        requests(size == 0 ? 0 : k_per_layer_at_source, k_per_layer_at_destination); // empty: known
    return;
  }
  add_size(ahead.bytes_shared, size.value_or(0));
  if (image.state == State::planned) {
    image.state = State::shared;
    add_size(shared_bytes_, size.value_or(0));
  }
}

Ahead Forecast::add_removal() const {
  Ahead ahead;
  ahead.requests = requests(0, k_per_removal);
  return ahead;
}

} // namespace regctl::ops::mirror
