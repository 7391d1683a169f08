// SPDX-License-Identifier: Apache-2.0
#include "ops/v1/chain.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/parallel.hpp>
#include <regctl/model/v1/chain.hpp>
#include <regctl/ops/problem.hpp>

#include <map>
#include <mutex>
#include <optional>
#include <set>

namespace regctl::ops {

namespace {

using Found = std::map<std::string, ChainImage>;

ChainImage read_image(V1Repository& repository, V1Image image) {
  try {
    auto info = parse_v1_image(image.json);
    return ChainImage{std::move(image), std::move(info)};
  } catch (const Error& error) {
    throw Error(error.kind(),
                "image " + short_id(image.id) + " of " + repository.describe() + ": " +
                    error.message(),
                error.hint());
  }
}

/// The existing images of a recorded ancestry. An unreadable image is left out: the parents decide
/// whether it belongs to the chain.
Found read_recorded(V1Repository& repository, const std::vector<std::string>& ids,
                    std::size_t jobs) {
  Found found;
  std::mutex mutex;
  run_parallel(jobs, ids.size(), [&](std::size_t i) {
    try {
      if (auto image = repository.find_image(ids[i])) {
        auto read = read_image(repository, std::move(*image));
        const std::lock_guard lock(mutex);
        found.emplace(ids[i], std::move(read));
      }
    } catch (const Error& error) {
      if (ends_run(error)) {
        throw;
      }
    }
  });
  return found;
}

ChainImage take_or_read(V1Repository& repository, Found& found, const std::string& id,
                        const std::string& child) {
  if (auto node = found.extract(id)) {
    return std::move(node.mapped());
  }
  auto image = repository.find_image(id);
  if (!image) {
    throw Error(ErrorKind::not_found,
                "image " + short_id(id) +
                    (child.empty() ? "" : ", the parent of " + short_id(child) + ",") +
                    " is not at " + repository.describe());
  }
  return read_image(repository, std::move(*image));
}

bool has_duplicates(const std::vector<std::string>& ids) {
  return std::set<std::string>(ids.begin(), ids.end()).size() != ids.size();
}

bool is_chain(const std::vector<std::string>& recorded, const std::vector<ChainImage>& chain) {
  if (recorded.size() != chain.size()) {
    return false;
  }
  for (std::size_t i = 0; i < chain.size(); ++i) {
    if (recorded[i] != chain[i].image.id) {
      return false;
    }
  }
  return true;
}

} // namespace

std::vector<ChainImage> read_chain(Session& session, V1Repository& repository,
                                   const std::string& id) {
  return read_chain(session, repository, id, session.jobs());
}

std::vector<ChainImage> read_chain(Session& session, V1Repository& repository,
                                   const std::string& id, std::size_t jobs, Ancestry* ancestry) {
  auto recorded = repository.ancestry(id);
  if (recorded && has_duplicates(*recorded)) {
    recorded.reset();
  }
  auto found = recorded ? read_recorded(repository, *recorded, jobs) : Found();
  std::vector<ChainImage> chain;
  std::set<std::string> seen;
  std::string child;
  const bool has_end = walk_parents(id, [&](const std::string& next) {
    if (!seen.insert(next).second) {
      throw Error(ErrorKind::protocol, "the parents of image " + short_id(id) + " of " +
                                           repository.describe() + " form a loop at " +
                                           short_id(next));
    }
    chain.push_back(take_or_read(repository, found, next, child));
    child = next;
    return chain.back().info.parent;
  });
  if (!has_end) {
    throw Error(ErrorKind::protocol, "image " + short_id(id) + " of " + repository.describe() +
                                         " has more than " + std::to_string(k_max_chain) +
                                         " images below it");
  }
  if (!recorded || !is_chain(*recorded, chain)) {
    session.progress().note("the ancestry of image " + short_id(id) + " of " +
                            repository.describe() + " is " + (recorded ? "wrong" : "missing") +
                            "; rebuilt from the images' parents");
    if (ancestry != nullptr) {
      *ancestry = recorded ? Ancestry::wrong : Ancestry::missing;
    }
  }
  return chain;
}

} // namespace regctl::ops
