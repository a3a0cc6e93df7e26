-- ratio of aggregates
-- engine: direct

SELECT sum(distance) / count(distance) FROM trips

-- rows of all
-- [4.919399759903963]
-- rows of newest
-- [5.201483166332665]
