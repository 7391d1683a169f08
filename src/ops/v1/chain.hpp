// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/model/v1/repository.hpp>
#include <regctl/ops/inspect.hpp>
#include <regctl/ops/session.hpp>

#include <string>
#include <vector>

namespace regctl::ops {

/// The images from `id` down to its base, child first. The store's ancestry is followed if it
/// agrees with the images' parents; a missing or wrong one is rebuilt from the parents, and a note
/// says so. JSONs are read in parallel where the ancestry tells them ahead. Throws Error{not_found}
/// naming the image of the chain that is missing, Error{protocol} for a loop or more than
/// k_max_chain images.
std::vector<ChainImage> read_chain(Session& session, V1Repository& repository,
                                   const std::string& id);

/// The same on so many threads instead of as many as the session has jobs.
std::vector<ChainImage> read_chain(Session& session, V1Repository& repository,
                                   const std::string& id, std::size_t jobs);

} // namespace regctl::ops
