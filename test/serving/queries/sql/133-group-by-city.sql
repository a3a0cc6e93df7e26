-- group by city
-- engine: direct
-- ordered

SELECT city, count(*) FROM trips GROUP BY city ORDER BY 2 DESC, 1 LIMIT 25

-- rows of all
-- ["Accra",105]
-- ["Quito",104]
-- ["Paris",101]
-- ["Kyiv",99]
-- ["Oslo",96]
-- ["Lima",92]
-- ["São Paulo",92]
-- ["Berlin",90]
-- ["Zürich",71]
-- [null,50]
-- rows of newest
-- ["Accra",69]
-- ["Paris",64]
-- ["Lima",61]
-- ["Quito",61]
-- ["Kyiv",54]
-- ["Oslo",54]
-- ["Berlin",49]
-- ["São Paulo",48]
-- ["Zürich",44]
-- [null,29]
