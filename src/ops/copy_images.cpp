// SPDX-License-Identifier: Apache-2.0
#include "ops/copy_images.hpp"

#include "ops/chain.hpp"

#include <regctl/base/compression.hpp>
#include <regctl/base/error.hpp>
#include <regctl/base/parallel.hpp>

#include <array>
#include <atomic>
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

/// A layer on its way: tells the progress, and puts the JSON in its place once the end told it.
class MovingLayer final : public Source {
public:
  MovingLayer(std::unique_ptr<LayerSource> layer, V1Image& image, Progress& progress,
              Progress::Task task, std::atomic<std::uint64_t>& bytes)
      : layer_(std::move(layer)), image_(image), progress_(progress), task_(task), bytes_(bytes) {}

  std::size_t read(std::span<std::byte> out) override {
    const auto n = layer_->read(out);
    if (n == 0) {
      image_.json = layer_->original_json();
    }
    bytes_ += n;
    progress_.advance(task_, n);
    return n;
  }

private:
  std::unique_ptr<LayerSource> layer_;
  V1Image& image_; // the upload's, which outlives every attempt to send it
  Progress& progress_;
  Progress::Task task_;
  std::atomic<std::uint64_t>& bytes_;
};

/// `layer` as it is if it is compressed, else as gzip.
std::unique_ptr<Source> gzip_if_plain(std::unique_ptr<Source> layer) {
  std::array<std::byte, 6> head{};
  const auto n = read_fully(*layer, head);
  const auto compression = detect_compression(std::span(head).first(n));
  auto whole = make_concat_source(make_text_source({reinterpret_cast<const char*>(head.data()), n}),
                                  std::move(layer));
  return compression == Compression::none ? make_gzip_source(std::move(whole)) : std::move(whole);
}

class Copier {
public:
  Copier(Session& session, V1Repository& source, V1Push& push, const ImageCopy& how)
      : session_(session), source_(source), push_(push), how_(how) {}

  /// Copies one image unless it is there. Thread-safe.
  void copy(const V1Image& image) {
    if (push_.has_image(image.id)) {
      ++skipped_;
      session_.progress().skipped(image.id, how_.verb, image.layer_size_bytes);
      return;
    }
    const auto task = session_.progress().begin(image.id, how_.verb, image.layer_size_bytes);
    try {
      send_twice_if_damaged(image, task);
      session_.progress().finish(task);
    } catch (...) {
      session_.progress().fail(task);
      throw;
    }
  }

  /// From now on an error is perhaps another image's, which the push passes on: nothing is
  /// repeated.
  void abandon(const std::exception_ptr& reason) {
    abandoned_ = true;
    push_.abandon(reason);
  }

  void add_to(CopyReport& report) const {
    report.images_copied += copied_;
    report.images_skipped += skipped_;
    report.bytes_copied += bytes_;
  }

private:
  void send_twice_if_damaged(const V1Image& image, Progress::Task task) {
    const bool may_repeat = push_.can_repeat() && how_.check == LayerCheck::verify;
    try {
      send(image, may_repeat ? LayerCheck::verify_likeliest : how_.check, task);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::integrity || !push_.can_repeat() || abandoned_) {
        throw;
      }
      if (image.json_candidates.empty()) { // else a wrong guess is no cause for alarm
        session_.progress().note(error.message() + "; moving it once more");
      }
      session_.progress().restart(task);
      send(image, how_.check, task);
    }
  }

  void send(const V1Image& image, LayerCheck check, Progress::Task task) {
    V1Upload upload;
    upload.image = image;
    if (!image.json_candidates.empty()) {
      upload.image.json = image.json_candidates.front(); // the likeliest; the layer's end will tell
    }
    if (how_.plain_layers == PlainLayers::gzip) {
      upload.image.layer_size_bytes.reset();
    }
    std::uint64_t opened = 0;
    upload.layer = [&]() -> std::unique_ptr<Source> {
      if (opened++ > 0) {
        session_.progress().restart(task);
      }
      auto layer = std::make_unique<MovingLayer>(source_.open_layer(image, check), upload.image,
                                                 session_.progress(), task, bytes_);
      return how_.plain_layers == PlainLayers::gzip ? gzip_if_plain(std::move(layer))
                                                    : std::move(layer);
    };
    ++(push_.put_image(upload) == PutOutcome::stored ? copied_ : skipped_);
  }

  Session& session_;
  V1Repository& source_;
  V1Push& push_;
  const ImageCopy& how_;
  std::atomic<bool> abandoned_{false};
  std::atomic<std::uint64_t> copied_{0};
  std::atomic<std::uint64_t> skipped_{0};
  std::atomic<std::uint64_t> bytes_{0};
};

/// Copies the images in parallel; throws what went wrong first, not what others made of it.
void copy_all(Session& session, const std::vector<V1Image>& images, Copier& copier) {
  std::mutex mutex;
  std::exception_ptr first;
  try {
    run_parallel(session.jobs(), images.size(), [&](std::size_t i) {
      try {
        copier.copy(images[i]);
      } catch (...) {
        {
          const std::lock_guard lock(mutex);
          if (!first) {
            first = std::current_exception();
          }
        }
        copier.abandon(std::current_exception()); // children of this image must not wait for it
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
  Copier copier(session, source, *push, how);
  copy_all(session, images, copier);
  push->finish([&](const std::string&, const std::string& id, const std::string& where) {
    session.progress().tagging(id, where);
  });
  copier.add_to(report);
}

} // namespace regctl::ops
