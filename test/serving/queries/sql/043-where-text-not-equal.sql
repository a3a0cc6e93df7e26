-- where text not equal
-- engine: direct

SELECT count(*), sum(trip) FROM trips WHERE city <> 'Berlin'

-- rows of all
-- [767,215614]
-- rows of newest
-- [466,135211]
