// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/error.hpp>
#include <regctl/base/stream.hpp>
#include <regctl/model/repository.hpp>
#include <regctl/model/v1/image.hpp>

#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace regctl {

/// Tags by name, each with the ID of its image; nothing for a tag that the store lists but cannot
/// read (docker-registry sends `null` for it).
using V1Tags = std::map<std::string, std::optional<std::string>>;

/// What open_layer() does at the end of a layer.
enum class LayerCheck {
  verify, ///< throw Error{integrity} instead of ending if size or payload checksum are wrong
  /// Cheap first try; on failure repeat with `verify`. Of V1Image::json_candidates only the first
  /// is tried for a large layer, so that a sound layer may fail.
  verify_likeliest,
  none, ///< pass the bytes through
};

/// The stored bytes of a layer.
class LayerSource : public Source {
public:
  /// After the end was read: the JSON as it was pushed, that is `json` or the one of
  /// `json_candidates` with which the payload checksum came out right; `json` where nothing was
  /// checked.
  [[nodiscard]] virtual const std::string& original_json() const = 0;
};

/// What is about to be pushed to one repository.
struct V1PushPlan {
  std::vector<std::string> ids;                          ///< every image, parents before children
  std::map<std::string, std::string> tags;               ///< tag → ID
  std::vector<std::optional<std::uint64_t>> layer_sizes; ///< one for each ID where known, or empty
};

/// What is sent for one image. `layer` opens the bytes that will be stored.
struct V1Upload {
  /// layer_size_bytes is the size of what `layer` gives, if known. `json` is final only when the
  /// layer was read to its end: the reader may replace it then (LayerSource::original_json), on the
  /// thread that reads. Who has sent another text before must send the image again.
  V1Image image;
  OpenSource layer;

  /// The payload checksum of what `layer` gives, where it is known beforehand and `layer` throws
  /// instead of ending unless it is right: who sends the bytes on need not take it again.
  std::optional<std::string> verified_checksum;
};

enum class PutOutcome { stored, already_there };

/// A push under way. put_image may be called from several threads for different images, begun in
/// the plan's order; a call waits inside for what has to be there first (the parent, the place in a
/// stream). Destroying it without finish() leaves no tag moved and no archive under its final name;
/// what was uploaded may stay.
class V1Push {
public:
  virtual ~V1Push() = default;

  /// The image as the destination tells it, if it is complete there, so that its layer need not be
  /// opened. Children wait for it no longer.
  virtual std::optional<V1Image> find_image(const std::string& id) = 0;

  /// Says that somebody else completed the image at the destination: children wait for it no
  /// longer.
  virtual void image_arrived(const std::string& id) = 0;

  /// Stores one image completely: JSON, layer, checksum; already_there if somebody else did, alike
  /// (else Error{integrity}). After Error{integrity} it may be called again where can_repeat().
  virtual PutOutcome put_image(const V1Upload& upload) = 0;

  /// False where bytes cannot be taken back (an archive on stdout).
  [[nodiscard]] virtual bool can_repeat() const = 0;

  /// Says that the push failed: every call that waits inside put_image, and every later one, throws
  /// `reason`. Without this, children of an image that never comes would wait for ever.
  virtual void abandon(std::exception_ptr reason) noexcept = 0;

  /// Sets the plan's tags (calling `on_tag` with tag, ID and where it is put before each one), ends
  /// the push, and looks where the tags lead: Error{integrity} if not to their images.
  virtual void finish(const std::function<void(const std::string& tag, const std::string& id,
                                               const std::string& where)>& on_tag) = 0;
};

/// What a store says when it is asked for an image.
struct V1Answer {
  enum class State {
    absent,
    in_progress, ///< its upload is under way, or was never completed
    complete,
  };
  State state = State::absent;
  V1Image image; ///< if complete
};

/// One repository of images by ID, with tags: at a v1 registry, in a storage tree, in an archive.
/// Thread-safe.
class V1Repository : public Repository {
public:
  /// All tags. Throws Error{not_found} if there is no such repository.
  virtual V1Tags tags() = 0;

  /// The IDs from `id` down to its base, child first, as the store has recorded them: not checked
  /// against the images' parents, which read_chain (ops) does. Nothing where the record is missing,
  /// malformed or longer than k_max_chain.
  virtual std::optional<std::vector<std::string>> ancestry(const std::string& id) = 0;

  /// The image, or nothing if it is not there. Throws Error{unavailable} for an image whose upload
  /// was never completed.
  virtual std::optional<V1Image> find_image(const std::string& id) = 0;

  /// The same at once, without an error for an upload that was never completed, or is under way.
  virtual V1Answer look_up(const std::string& id) = 0;

  /// The stored bytes of the layer, from the first on. `image` is what find_image() returned.
  virtual std::unique_ptr<LayerSource> open_layer(const V1Image& image, LayerCheck check) = 0;

  /// Begins a push. Throws Error{unsupported} where nothing can be written.
  virtual std::unique_ptr<V1Push> start_push(const V1PushPlan& plan) = 0;

  /// Points `tag` at `id`, which must be there.
  virtual void put_tag(const std::string& tag, const std::string& id) = 0;
};

/// A repository that is only read: each call that would change it throws refusal().
class ReadOnlyV1Repository : public V1Repository {
public:
  std::unique_ptr<V1Push> start_push(const V1PushPlan&) final { refuse(); }
  void put_tag(const std::string&, const std::string&) final { refuse(); }
  void remove_tag(const std::string&) final { refuse(); }
  void remove() final { refuse(); }

private:
  /// Error{unsupported}, unless overridden.
  [[nodiscard]] virtual Error refusal() const;
  [[noreturn]] void refuse() const;
};

} // namespace regctl
