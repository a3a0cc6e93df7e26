-- min note
-- engine: direct

SELECT min(note) FROM trips

-- rows of all
-- [""]
-- rows of newest
-- [""]
