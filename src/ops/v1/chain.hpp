// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/model/v1/repository.hpp>
#include <regctl/ops/inspect.hpp>
#include <regctl/ops/session.hpp>

#include <string>
#include <vector>

namespace regctl::ops {

/// The images from `id` down to its base, child first. The store's ancestry is followed if it
/// agrees with the images' parents. A missing or wrong one is rebuilt from the parents, and a note
/// says so. If the store has an ancestry, JSONs are read in parallel. Throws Error{not_found}
/// naming the missing image of the chain, Error{protocol} for a loop or more than k_max_chain
/// images.
std::vector<ChainImage> read_chain(Session& session, V1Repository& repository,
                                   const std::string& id);

/// What a store's ancestry is worth.
enum class Ancestry { right, missing, wrong };

/// The same with the given number of threads instead of the session's jobs. `ancestry` is told what
/// the store's is, unless it is null.
std::vector<ChainImage> read_chain(Session& session, V1Repository& repository,
                                   const std::string& id, std::size_t jobs,
                                   Ancestry* ancestry = nullptr);

} // namespace regctl::ops
