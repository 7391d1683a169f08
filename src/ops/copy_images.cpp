// SPDX-License-Identifier: Apache-2.0
#include "ops/copy_images.hpp"

#include "ops/chain.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/parallel.hpp>

#include <mutex>
#include <set>

namespace regctl::ops {

namespace {

/// All images of the chains, parents before children, each once.
std::vector<V1Image> collect_images(Session& session, V1Repository& source,
                                    const std::map<std::string, std::string>& tags) {
  std::vector<V1Image> images;
  std::set<std::string> seen;
  for (const auto& [tag, id] : tags) {
    if (seen.contains(id)) {
      continue;
    }
    auto chain = read_chain(session, source, id);
    for (auto member = chain.rbegin(); member != chain.rend(); ++member) {
      if (seen.insert(member->image.id).second) {
        images.push_back(std::move(member->image));
      }
    }
  }
  return images;
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

/// Moves the images in parallel and adds them to `report`; throws what went wrong first, not what
/// others made of it.
void move_all(Session& session, const std::vector<V1Image>& images, ImageMover& mover,
              CopyReport& report) {
  std::mutex mutex;
  std::exception_ptr first;
  try {
    run_parallel(session.jobs(), images.size(), [&](std::size_t i) {
      try {
        const auto moved = mover.move(images[i]);
        const std::lock_guard lock(mutex);
        ++(moved.was_there ? report.images_skipped : report.images_copied);
        report.bytes_copied += moved.bytes;
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
  const auto images = collect_images(session, source, tags);
  std::uint64_t bytes = 0;
  for (const auto& image : images) {
    bytes += image.layer_size_bytes.value_or(0);
  }
  session.progress().expect(images.size(), bytes);
  const auto push = start(plan_of(images, tags));
  ImageMover mover(session, source, *push, how);
  move_all(session, images, mover, report);
  push->finish([&](const std::string&, const std::string& id, const std::string& where) {
    session.progress().tagging(id, where);
  });
}

} // namespace regctl::ops
