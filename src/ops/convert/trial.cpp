// SPDX-License-Identifier: Apache-2.0
#include "ops/convert/trial.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/quantity.hpp>
#include <regctl/model/v1/derive.hpp>

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
  ConvertRoute route{session_, source, trial_, "", places_, form_, Progress::Verb::reading};
  const auto made = run(route, id);
  std::vector<std::string> diff_ids;
  for (const auto& layer : made.layers) {
    if (layer.diff_id && layer.diff_id != k_empty_tar_diff_id) {
      diff_ids.push_back(*layer.diff_id);
    }
  }
  const TrialImage image{made.digest, sum_of_layers(diff_ids)};
  const std::lock_guard lock(mutex_);
  counts_.images += images_.try_emplace(id, image).second ? 1 : 0;
  return image;
}

MadeImage ConversionTrial::make(V1Repository& source, const std::string& id,
                                const LayerKey& layer_key) {
  ConvertRoute route{session_, source, trial_, "", places_, form_, Progress::Verb::reading};
  route.proves_layers = true;
  route.layer_key = layer_key;
  route.is_silent = true;
  return run(route, id);
}

MadeImage ConversionTrial::run(ConvertRoute& route, const std::string& id) {
  std::optional<MadeImage> made;
  route.on_made = [&](const MadeImage& image) { made = image; };
  const auto transfer = make_v1_to_oci_transfer(route, layers_, id, "");
  const auto items = transfer->items();
  for (std::size_t i = 0; i < items.size(); ++i) {
    read_layer(*transfer, i, items[i]);
  }
  transfer->finish();
  return std::move(made.value());
}

void ConversionTrial::read_layer(Transfer& transfer, std::size_t index, const Item& item) {
  const std::lock_guard reading(reading_.of(item.key));
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
