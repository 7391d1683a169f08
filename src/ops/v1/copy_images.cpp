// SPDX-License-Identifier: Apache-2.0
#include "ops/v1/copy_images.hpp"

#include "ops/transfer/one_of_several.hpp"
#include "ops/v1/chain.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/parallel.hpp>
#include <regctl/base/quantity.hpp>

#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace regctl::ops {

namespace {

struct Collected {
  std::vector<V1Image> images;       ///< parents before children, each once
  std::vector<std::string> first_of; ///< for each image, the first tag that needs it
  std::set<std::string> unverified; ///< IDs of tags' images with an unverified image in their chain
};

/// Runs `body`, which is about one tag of a repository.
template <class Body>
auto for_tag_of(const ImageCopy& how, const std::string& tag, std::size_t tags, Body&& body) {
  return for_tag(how.repository.empty() ? tag : how.repository + ":" + tag,
                 std::max(tags, how.all_tags), std::forward<Body>(body));
}

/// Reads the chains of all tags.
Collected collect_images(Session& session, V1Repository& source,
                         const std::map<std::string, std::string>& tags, const ImageCopy& how) {
  Collected collected;
  std::set<std::string> seen;
  for (const auto& [tag, id] : tags) {
    if (seen.contains(id)) {
      continue;
    }
    auto chain = for_tag_of(how, tag, tags.size(),
                            [&, &id = id] { return read_chain(session, source, id); });
    for (auto member = chain.rbegin(); member != chain.rend(); ++member) {
      for_tag_of(how, tag, tags.size(), [&] { check_provable(source, member->image, how); });
      if (!is_verified(member->image, how)) {
        collected.unverified.insert(id);
      }
      if (seen.insert(member->image.id).second) {
        collected.images.push_back(std::move(member->image));
        collected.first_of.push_back(tag);
      }
    }
  }
  return collected;
}

V1PushPlan plan_of(const std::vector<V1Image>& images,
                   const std::map<std::string, std::string>& tags) {
  V1PushPlan plan;
  plan.tags = tags;
  for (const auto& image : images) {
    plan.ids.push_back(image.id);
    plan.layer_sizes.push_back(image.layer_size_bytes);
  }
  return plan;
}

/// Moves the images in parallel and adds them to `report`. Throws the first error, not the later
/// ones that it caused for other images.
void move_all(Session& session, const Collected& collected, std::size_t tags, const ImageCopy& how,
              ImageMover& mover, CopyReport& report) {
  std::mutex mutex;
  std::exception_ptr first;
  try {
    run_parallel(session.jobs(), collected.images.size(), [&](std::size_t i) {
      try {
        const auto moved = for_tag_of(how, collected.first_of[i], tags,
                                      [&] { return mover.move(collected.images[i]); });
        const std::lock_guard lock(mutex);
        ++(moved.was_there ? report.images_skipped : report.images_copied);
        report.bytes_copied += moved.bytes;
        report.images_unverified += !moved.was_there && !is_verified(collected.images[i], how);
      } catch (...) {
        {
          const std::lock_guard lock(mutex);
          if (!first) {
            first = std::current_exception();
          }
        }
        mover.abandon(std::current_exception()); // children of this image must not wait for it
        throw;
      }
    });
  } catch (...) {
    if (first) {
      rethrow_copy(first);
    }
    throw;
  }
}

} // namespace

void copy_images(Session& session, V1Repository& source,
                 const std::map<std::string, std::string>& tags, const ImageCopy& how,
                 const std::function<std::unique_ptr<V1Push>(const V1PushPlan&)>& start,
                 CopyReport& report) {
  const auto collected = collect_images(session, source, tags, how);
  const auto& images = collected.images;
  SizeSum sizes;
  for (const auto& image : images) {
    sizes.add(image.layer_size_bytes);
  }
  session.progress().expect(images.size(), sizes);
  const auto push = start(plan_of(images, tags));
  ImageMover mover(session, source, *push, how);
  move_all(session, collected, tags.size(), how, mover, report);
  report.unverified_chains.insert(collected.unverified.begin(), collected.unverified.end());
  push->finish([&](const std::string&, const std::string& id, const std::string& where) {
    session.progress().tagging(id, where);
  });
}

} // namespace regctl::ops
