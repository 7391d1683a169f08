// SPDX-License-Identifier: Apache-2.0
#include "ops/convert/trial.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/quantity.hpp>
#include <regctl/model/v1/derive.hpp>

#include <functional>
#include <optional>

namespace regctl::ops {

oci::Digest sum_of_layers(const std::vector<std::string>& diff_ids) {
  std::string joined;
  for (const auto& diff_id : diff_ids) {
    joined += diff_id + "\n";
  }
  return oci::Digest::of(joined);
}

TrialImage ConversionTrial::convert(V1Repository& source, const std::string& id) {
  {
    const std::lock_guard lock(mutex_);
    if (const auto* known = images_.find(id)) {
      return *known;
    }
  }
  std::optional<TrialImage> made;
  ConvertRoute route{session_, source, trial_, "", places_, form_, Progress::Verb::reading};
  route.on_made = [&](const MadeImage& image) {
    std::vector<std::string> diff_ids;
    for (const auto& layer : image.layers) {
      if (layer.diff_id && layer.diff_id != k_empty_tar_diff_id) {
        diff_ids.push_back(*layer.diff_id);
      }
    }
    made = TrialImage{image.digest, sum_of_layers(diff_ids)};
  };
  const auto transfer = make_v1_to_oci_transfer(route, layers_, id, "");
  const auto items = transfer->items();
  for (std::size_t i = 0; i < items.size(); ++i) {
    read_layer(*transfer, i, items[i]);
  }
  transfer->finish();
  const std::lock_guard lock(mutex_);
  counts_.images += images_.try_emplace(id, made.value()).second ? 1 : 0;
  return *made;
}

void ConversionTrial::read_layer(Transfer& transfer, std::size_t index, const Item& item) {
  const std::lock_guard reading(reading_.at(std::hash<std::string>()(item.key) % reading_.size()));
  {
    const std::lock_guard lock(mutex_);
    if (const auto* problem = problems_.find(item.key)) {
      std::rethrow_exception(*problem);
    }
  }
  try {
    const auto moved = transfer.move(index);
    const std::lock_guard lock(mutex_);
    if (!moved.was_there) {
      ++counts_.layers_read;
      add_size(counts_.bytes_read, moved.bytes);
      counts_.sums_unknown += item.is_verified ? 0 : 1;
    }
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::integrity || error.kind() == ErrorKind::not_found) {
      const std::lock_guard lock(mutex_);
      problems_.put(item.key, std::make_exception_ptr(error));
    }
    throw;
  }
}

} // namespace regctl::ops
