-- max note
-- engine: direct

SELECT max(note) FROM trips

-- rows of all
-- ["日本"]
-- rows of newest
-- ["日本"]
