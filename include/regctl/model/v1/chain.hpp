// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>

namespace regctl {

/// The longest chain accepted. The longest real ones have 127 images (the limit of aufs), so this
/// only stops hostile stores.
inline constexpr std::size_t k_max_chain = 4096;

/// Calls `visit` with `id`, and then with each parent that `visit` returns, until it returns none:
/// at a base image, or if the caller needs no more. Returns false if the chain has more than
/// k_max_chain images, as with parents that form a loop; the walk then ends there. Exceptions of
/// `visit` are passed on.
bool walk_parents(const std::string& id,
                  const std::function<std::optional<std::string>(const std::string& id)>& visit);

} // namespace regctl
