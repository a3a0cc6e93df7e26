-- comments
-- engine: direct

SELECT /* all */ count(*) -- of them
FROM trips -- here

-- rows of all
-- [900]
-- rows of newest
-- [533]
